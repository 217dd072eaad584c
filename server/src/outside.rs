//! The ways to companies' directories and to the name system.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hickory_resolver::TokioResolver;
#[cfg(test)]
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
#[cfg(test)]
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use service::directories::outside::{
    ANSWER_BYTES, Asking, Names, Outside, Unreachable, Web, WebRequest, WebResponse,
};

use crate::configuration::Configuration;

/// So long a directory may take for an answer, from connecting to its last byte.
const LONGEST: Duration = Duration::from_secs(5);
/// So many TXT records of a name are read.
const TEXTS: usize = 100;

/// Which addresses may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Those of the internet.
    Public,
    /// Those and this machine itself: for trying out and for tests.
    Loopback,
    /// Every address: for directories within the server's own network.
    Everywhere,
}

impl Reach {
    const fn of(configuration: &Configuration) -> Self {
        match (configuration.directory_allow_private, configuration.demo) {
            (true, _) => Self::Everywhere,
            (false, true) => Self::Loopback,
            (false, false) => Self::Public,
        }
    }

    /// Whether the address may be asked.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Loopback => address.is_loopback() || is_public(address),
            Self::Public => is_public(address),
        }
    }
}

/// Whether an address belongs to the internet, by the registries of special addresses (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && b >= 64 && b < 128)
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [first, second, ..] = address.segments();
    // Only the range that is given out, without documentation and without addresses that wrap others.
    (0x2000..0x4000).contains(&first)
        && !(first == 0x2001 && (second == 0x0db8 || second < 0x0200))
        && first != 0x2002
        && !(first == 0x3fff && second < 0x1000)
}

/// The world outside as the configuration lets it be asked.
#[must_use]
pub fn from(configuration: &Configuration) -> Outside {
    let reach = Reach::of(configuration);
    Outside::new(Arc::new(Https::new(reach)), Arc::new(Dns::System), configuration.demo)
}

/// Asks directories by HTTPS: no redirects, no proxy, five seconds and half a megabyte at most.
pub struct Https {
    /// Made when it is first asked: the system's certificates are read for it, and most servers and
    /// every other command ask nobody.
    client: OnceLock<Result<reqwest::Client, String>>,
    reach: Reach,
}

impl Https {
    /// A client that asks only what is within reach.
    #[must_use]
    pub const fn new(reach: Reach) -> Self {
        Self { client: OnceLock::new(), reach }
    }

    fn client(&self) -> Result<&reqwest::Client, Unreachable> {
        let made = self.client.get_or_init(|| {
            // The client takes the provider that is installed; a second call finds it there.
            let _ = rustls::crypto::ring::default_provider().install_default();
            reqwest::Client::builder()
                .timeout(LONGEST)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .dns_resolver(Reachable(self.reach))
                .user_agent("benefits-center")
                .build()
                .map_err(|error| told(&error))
        });
        made.as_ref().map_err(|cause| Unreachable::Away(cause.clone()))
    }

    async fn ask(&self, request: WebRequest) -> Result<WebResponse, Unreachable> {
        let away = |error: &dyn Error| Unreachable::Away(told(error));
        // Names are looked at when they are resolved, at each connection; numbers are not resolved.
        let host = request.uri().host().unwrap_or_default().trim_matches(['[', ']']);
        if host.parse::<IpAddr>().is_ok_and(|address| !self.reach.allows(address)) {
            return Err(Unreachable::Private);
        }
        let (parts, body) = request.into_parts();
        let mut response = self
            .client()?
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body)
            .send()
            .await
            .map_err(
                |error| if is_private(&error) { Unreachable::Private } else { away(&error.without_url()) },
            )?;
        let mut read = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| away(&error.without_url()))? {
            if read.len() + chunk.len() > ANSWER_BYTES {
                return Err(Unreachable::Away("the answer is too long".to_owned()));
            }
            read.extend_from_slice(&chunk);
        }
        let mut answer = WebResponse::new(read);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        Ok(answer)
    }
}

impl Web for Https {
    fn send(&self, request: WebRequest) -> Asking<'_, WebResponse> {
        Box::pin(self.ask(request))
    }
}

/// An error with its causes.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn is_private(error: &dyn Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<Unreachable>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Resolves names to addresses within reach only, so that a name can't lead into the own network.
struct Reachable(Reach);

impl Resolve for Reachable {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (allowed, refused): (Vec<SocketAddr>, Vec<_>) =
                found.partition(|address| reach.allows(address.ip()));
            if allowed.is_empty() && !refused.is_empty() {
                return Err(Box::new(Unreachable::Private) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Asks name servers.
enum Dns {
    /// Those that the system is set to.
    System,
    /// One that a test answers for.
    #[cfg(test)]
    At(SocketAddr),
}

impl Dns {
    fn resolver(&self) -> Result<TokioResolver, NetError> {
        match self {
            // Read each time: it is asked seldom, and the system's servers may have changed.
            Self::System => TokioResolver::builder_tokio()?.build(),
            #[cfg(test)]
            Self::At(address) => {
                let mut server = NameServerConfig::udp(address.ip());
                server.connections.iter_mut().for_each(|connection| connection.port = address.port());
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
                builder.options_mut().attempts = 1;
                builder.options_mut().timeout = Duration::from_millis(500);
                builder.build()
            }
        }
    }
}

impl Names for Dns {
    fn texts<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<String>> {
        Box::pin(async move {
            let away = |error: &dyn Error| Unreachable::Away(told(error));
            let asked = async {
                let resolver = self.resolver().map_err(|error| away(&error))?;
                // With the dot at its end a name is never looked for within the own network's.
                match resolver.txt_lookup(format!("{name}.")).await {
                    Ok(found) => Ok(texts_of(&found)),
                    Err(error) if error.is_no_records_found() => Ok(Vec::new()),
                    Err(error) => Err(away(&error)),
                }
            };
            tokio::time::timeout(LONGEST, asked)
                .await
                .map_err(|_| Unreachable::Away("no name server answered in time".to_owned()))?
        })
    }
}

fn texts_of(found: &hickory_resolver::lookup::Lookup) -> Vec<String> {
    found
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::TXT(text) => {
                Some(text.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect::<String>())
            }
            _ => None,
        })
        .take(TEXTS)
        .collect()
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
    use hickory_resolver::proto::rr::rdata::TXT;
    use hickory_resolver::proto::rr::{Record, RecordType};

    use super::*;

    fn allows(reach: Reach, address: &str) -> bool {
        reach.allows(address.parse().expect("an address"))
    }

    #[test]
    fn only_addresses_of_the_internet_are_asked() {
        for address in ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1"] {
            assert!(allows(Reach::Public, address), "{address}");
        }
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
        ] {
            assert!(!allows(Reach::Public, address), "{address}");
            assert!(allows(Reach::Everywhere, address), "{address}");
        }
        assert!(allows(Reach::Loopback, "127.0.0.1") && allows(Reach::Loopback, "::1"));
        assert!(!allows(Reach::Loopback, "10.1.2.3"));
    }

    #[tokio::test]
    async fn an_address_within_the_own_network_is_refused_by_number_and_by_name() {
        let https = Https::new(Reach::Public);
        for address in ["https://127.0.0.1:1/", "https://[::1]:1/", "https://localhost:1/"] {
            let request = axum::http::Request::get(address).body(Vec::new()).expect("a request");
            assert_eq!(https.send(request).await.expect_err(address), Unreachable::Private, "{address}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_or_leads_elsewhere_is_not_followed() {
        let app = axum::Router::new()
            .route("/long", axum::routing::get(|| async { "x".repeat(ANSWER_BYTES + 1) }))
            .route("/away", axum::routing::get(|| async { axum::response::Redirect::to("/long") }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let home = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let https = Https::new(Reach::Loopback);
        let ask = |path: &str| {
            https.send(axum::http::Request::get(format!("{home}{path}")).body(Vec::new()).expect("a request"))
        };
        let long = ask("/long").await.expect_err("too long");
        assert!(matches!(&long, Unreachable::Away(cause) if cause.contains("too long")), "{long}");
        assert_eq!(ask("/away").await.expect("an answer").status(), 303);
    }

    /// What a name server says: its code, and records of one part or several.
    type Said = (ResponseCode, &'static [&'static [&'static str]]);

    /// A name server on this machine, which knows what `zone` says: nothing about any other name, and no
    /// answer at all where it says none.
    async fn name_server(zone: fn(&str) -> Option<Said>) -> (SocketAddr, tokio::task::JoinHandle<()>) {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let serving = tokio::spawn(async move {
            let mut buffer = [0_u8; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let question = Message::from_vec(&buffer[..length]).expect("a question");
                let asked = question.queries[0].clone();
                assert_eq!(asked.query_type(), RecordType::TXT);
                let Some((code, texts)) = zone(&asked.name().to_ascii()) else { continue };
                let mut answer = Message::response(question.metadata.id, OpCode::Query);
                answer.metadata.response_code = code;
                for parts in texts {
                    let text = TXT::new(parts.iter().copied().map(String::from).collect());
                    answer.add_answer(Record::from_rdata(asked.name().clone(), 60, RData::TXT(text)));
                }
                answer.add_query(asked);
                socket.send_to(&answer.to_vec().expect("an answer"), from).await.expect("sent");
            }
        });
        (address, serving)
    }

    #[tokio::test]
    async fn the_records_of_a_domain_are_read_from_a_name_server() {
        let (address, serving) = name_server(|name| match name {
            "fernhollow.example." => {
                Some((ResponseCode::NoError, &[&["v=spf1 -all"], &["benefits-center-", "verification=1234"]]))
            }
            "empty.example." => Some((ResponseCode::NoError, &[])),
            "broken.example." => Some((ResponseCode::ServFail, &[])),
            "silent.example." => None,
            _ => Some((ResponseCode::NXDomain, &[])),
        })
        .await;
        let dns = Dns::At(address);
        let mut texts = dns.texts("fernhollow.example").await.expect("records");
        texts.sort();
        assert_eq!(texts, ["benefits-center-verification=1234", "v=spf1 -all"], "parts are one text");
        for none in ["empty.example", "unknown.example"] {
            assert_eq!(dns.texts(none).await, Ok(Vec::new()), "{none}");
        }
        for away in ["broken.example", "silent.example"] {
            assert!(matches!(dns.texts(away).await, Err(Unreachable::Away(_))), "{away}");
        }
        serving.abort();
    }
}
