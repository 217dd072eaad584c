//! Browsers by name, from what they say about themselves, so that somebody knows a session again.

/// What a browser says it is, as product names; none where it doesn't say, or says something rare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agent {
    /// The browser.
    pub browser: Option<&'static str>,
    /// What it runs on.
    pub system: Option<&'static str>,
}

/// What a browser writes, and its name. Most name others beside themselves: the first that fits counts.
const BROWSERS: &[(&str, &str)] = &[
    ("edg/", "Edge"),
    ("edga/", "Edge"),
    ("edgios/", "Edge"),
    ("opr/", "Opera"),
    ("opt/", "Opera"),
    ("vivaldi/", "Vivaldi"),
    ("yabrowser/", "Yandex"),
    ("samsungbrowser/", "Samsung Internet"),
    ("micromessenger/", "WeChat"),
    ("qqbrowser/", "QQ Browser"),
    ("ucbrowser/", "UC Browser"),
    ("huaweibrowser/", "Huawei Browser"),
    ("miuibrowser/", "Mi Browser"),
    ("duckduckgo/", "DuckDuckGo"),
    ("fxios/", "Firefox"),
    ("firefox/", "Firefox"),
    ("crios/", "Chrome"),
    ("chromium/", "Chromium"),
    ("headlesschrome/", "Chrome"),
    ("chrome/", "Chrome"),
    ("version/", "Safari"),
    ("curl/", "curl"),
];

/// What stands for a system, and its name; the first that fits counts.
const SYSTEMS: &[(&str, &str)] = &[
    ("windows", "Windows"),
    ("openharmony", "HarmonyOS"),
    ("android", "Android"),
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("mac os x", "macOS"),
    ("macintosh", "macOS"),
    ("cros", "ChromeOS"),
    ("linux", "Linux"),
    ("freebsd", "FreeBSD"),
];

impl Agent {
    /// Reads a `User-Agent`.
    #[must_use]
    pub fn read(agent: &str) -> Self {
        let agent = agent.to_ascii_lowercase();
        let first = |list: &[(&str, &'static str)]| {
            list.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
        };
        // Others say "Version/", too: only Safari says both.
        let browser = first(BROWSERS).filter(|name| *name != "Safari" || agent.contains("safari/"));
        Self { browser, system: first(SYSTEMS) }
    }
}

#[cfg(test)]
mod tests {
    use super::Agent;

    #[test]
    fn browsers_are_known_by_what_they_say() {
        for (agent, browser, system) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                Chrome/130.0.0.0 Safari/537.36",
                Some("Chrome"),
                Some("Windows"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
                Some("Edge"),
                Some("Windows"),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                Version/17.6 Safari/605.1.15",
                Some("Safari"),
                Some("macOS"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like \
                Gecko) CriOS/130.0 Mobile/15E148 Safari/604.1",
                Some("Chrome"),
                Some("iPhone"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
                Some("Firefox"),
                Some("Linux"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) \
                SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
                Some("Samsung Internet"),
                Some("Android"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                HeadlessChrome/130.0.0.0 Safari/537.36",
                Some("Chrome"),
                Some("Linux"),
            ),
            ("Dalvik Version/4.0 (Linux)", None, Some("Linux")),
            ("test browser", None, None),
            ("", None, None),
            ("</td><script>alert(1)</script>", None, None),
        ] {
            assert_eq!(Agent::read(agent), Agent { browser, system }, "{agent}");
        }
    }
}
