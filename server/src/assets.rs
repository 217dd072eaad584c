//! The files that browsers load: wasm, script, style sheet and icons.
//!
//! A release carries them inside the binary, each also compressed with brotli and gzip. Their
//! address contains a digest of all of them, so a browser may keep them for ever. A debug build may
//! read them from the folder that `BENEFITS_CENTER_SITE_DIR` names, so that a change of the style
//! sheet doesn't compile the server.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use sha2::{Digest, Sha256};

/// The digest in the addresses while nothing is built in.
const NOTHING_BUILT: &str = "unbuilt";

/// What `build.rs` found in the site's folder.
struct Embedded {
    digest: &'static str,
    files: &'static [EmbeddedFile],
}

struct EmbeddedFile {
    name: &'static str,
    bytes: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

static EMBEDDED: Embedded = include!(concat!(env!("OUT_DIR"), "/embedded_assets.rs"));

static SITE: LazyLock<Site> = LazyLock::new(Site::load);

/// A file that browsers load.
#[derive(Debug)]
pub struct Asset {
    /// The path of its address, such as `/pkg/0123456789abcdef/style.css`.
    pub path: String,
    /// The media type, with the character set for text.
    pub content_type: &'static str,
    /// The file as it is.
    pub bytes: Cow<'static, [u8]>,
    /// The file compressed with brotli.
    pub brotli: Option<Cow<'static, [u8]>>,
    /// The file compressed with gzip.
    pub gzip: Option<Cow<'static, [u8]>>,
    /// Digest of the file as it is, without quotes.
    tag: String,
}

impl Asset {
    fn new(
        digest: &str,
        name: &str,
        bytes: Cow<'static, [u8]>,
        brotli: Option<Cow<'static, [u8]>>,
        gzip: Option<Cow<'static, [u8]>>,
    ) -> Self {
        let tag = Sha256::digest(&bytes).iter().take(8).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        Self {
            path: format!("/pkg/{digest}/{name}"),
            content_type: content_type(name),
            bytes,
            brotli,
            gzip,
            tag,
        }
    }

    /// The smallest form that the browser accepts, with the name of its encoding.
    fn best(&self, accepted: Accepted) -> (Option<&'static str>, &[u8]) {
        match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if accepted.brotli => (Some("br"), brotli),
            (_, Some(gzip)) if accepted.gzip => (Some("gzip"), gzip),
            _ => (None, &self.bytes),
        }
    }
}

/// All files of one build.
struct Site {
    digest: String,
    assets: Vec<Asset>,
}

impl Site {
    fn load() -> Self {
        #[cfg(debug_assertions)]
        if let Some(folder) = std::env::var_os("BENEFITS_CENTER_SITE_DIR").filter(|folder| !folder.is_empty())
        {
            let folder = std::path::PathBuf::from(folder);
            match folder::read(&folder) {
                Ok(site) => return site,
                Err(error) => tracing::error!(folder = %folder.display(), %error, "the site can't be read"),
            }
        }
        Self::embedded()
    }

    fn embedded() -> Self {
        let digest = if EMBEDDED.digest.is_empty() { NOTHING_BUILT } else { EMBEDDED.digest };
        let assets = EMBEDDED
            .files
            .iter()
            .map(|file| {
                let borrowed = |bytes: &'static [u8]| Cow::Borrowed(bytes);
                Asset::new(
                    digest,
                    file.name,
                    borrowed(file.bytes),
                    file.brotli.map(borrowed),
                    file.gzip.map(borrowed),
                )
            })
            .collect();
        Self { digest: digest.to_owned(), assets }
    }
}

/// The site from a folder, for debug builds.
#[cfg(debug_assertions)]
mod folder {
    use std::borrow::Cow;
    use std::path::{Path, PathBuf};
    use std::{fs, io};

    use super::{Asset, Site};

    /// The list of a site's files, as `cargo xtask` writes it.
    #[derive(serde::Deserialize)]
    struct Manifest {
        digest: String,
        files: Vec<String>,
    }

    pub(super) fn read(folder: &Path) -> io::Result<Site> {
        let public = folder.join("pkg");
        let manifest: Manifest = serde_json::from_slice(&fs::read(public.join("manifest.json"))?)?;
        let Manifest { digest, files } = manifest;
        let mut assets = Vec::with_capacity(files.len());
        for name in files {
            let path = public.join(&digest).join(&name);
            let bytes = Cow::Owned(fs::read(&path)?);
            assets.push(Asset::new(&digest, &name, bytes, encoded(&path, ".br")?, encoded(&path, ".gz")?));
        }
        Ok(Site { digest, assets })
    }

    fn encoded(path: &Path, ending: &str) -> io::Result<Option<Cow<'static, [u8]>>> {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        match fs::read(PathBuf::from(name)) {
            Ok(bytes) => Ok(Some(Cow::Owned(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The digest in the addresses of this build's files; `unbuilt` where there are none.
#[must_use]
pub fn digest() -> &'static str {
    &SITE.digest
}

/// The folder of the files' addresses, without a slash at either end, such as
/// `pkg/0123456789abcdef`: what Leptos calls `site_pkg_dir`.
#[must_use]
pub fn folder() -> String {
    format!("pkg/{}", digest())
}

/// The file with this path, such as `/pkg/0123456789abcdef/style.css`.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    SITE.assets.iter().find(|asset| asset.path == path)
}

/// Answers a request below `/pkg/`: the file in the smallest form the browser accepts, or 404.
pub async fn serve_asset(uri: Uri, headers: HeaderMap) -> Response {
    answer(find(uri.path()), &headers)
}

fn answer(asset: Option<&'static Asset>, headers: &HeaderMap) -> Response {
    let Some(asset) = asset else {
        // An address of another version: it may exist again after the next start.
        return (StatusCode::NOT_FOUND, [(CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")])
            .into_response();
    };
    let (encoding, bytes) = asset.best(Accepted::read(headers));
    // Each form is a representation of its own and needs its own tag.
    let tag = format!("\"{}-{}\"", asset.tag, encoding.unwrap_or("id"));
    let unchanged = same_tag(headers, &tag);
    let mut response =
        if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { Response::new(Body::from(bytes)) };
    let answered = response.headers_mut();
    answered.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    answered.insert(VARY, HeaderValue::from_static("accept-encoding"));
    answered.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answered.insert(ETAG, tag);
    }
    if !unchanged {
        answered.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        if let Some(encoding) = encoding {
            answered.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
    }
    response
}

fn same_tag(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// The encodings a browser accepts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Accepted {
    brotli: bool,
    gzip: bool,
}

impl Accepted {
    fn read(headers: &HeaderMap) -> Self {
        let (mut brotli, mut gzip, mut others) = (None, None, false);
        let entries = headers
            .get_all(ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        for entry in entries {
            let mut parts = entry.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            // A weight of zero refuses the encoding; a malformed one does, too.
            let wanted =
                weight.is_none_or(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0));
            match name.as_str() {
                "br" => brotli = Some(wanted),
                "gzip" | "x-gzip" => gzip = Some(wanted),
                "*" => others = wanted,
                _ => {}
            }
        }
        Self { brotli: brotli.unwrap_or(others), gzip: gzip.unwrap_or(others) }
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("wasm") => "application/wasm",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn accepting(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    fn asset() -> &'static Asset {
        Box::leak(Box::new(Asset::new(
            "0123456789abcdef",
            "style.css",
            Cow::Borrowed(b"plain"),
            Some(Cow::Borrowed(b"as brotli")),
            Some(Cow::Borrowed(b"as gzip")),
        )))
    }

    async fn text(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn header(response: &Response, name: http::HeaderName) -> String {
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[tokio::test]
    async fn the_smallest_accepted_form_is_sent() {
        for (accepted, encoding, body) in [
            ("gzip, deflate, br, zstd", "br", "as brotli"),
            ("gzip", "gzip", "as gzip"),
            ("br;q=0, gzip;q=0.5", "gzip", "as gzip"),
            ("*", "br", "as brotli"),
            ("*, br;q=0", "gzip", "as gzip"),
            ("br;q=none", "", "plain"),
            ("identity", "", "plain"),
            ("", "", "plain"),
        ] {
            let response = answer(Some(asset()), &accepting(accepted));
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(header(&response, CONTENT_ENCODING), encoding, "{accepted}");
            assert_eq!(header(&response, VARY), "accept-encoding");
            assert_eq!(text(response).await, body, "{accepted}");
        }
        assert_eq!(text(answer(Some(asset()), &HeaderMap::new())).await, "plain");
    }

    #[tokio::test]
    async fn files_may_be_kept_for_ever_and_are_never_sniffed() {
        let response = answer(Some(asset()), &HeaderMap::new());
        assert_eq!(header(&response, CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(header(&response, X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(header(&response, CONTENT_TYPE), "text/css; charset=utf-8");
    }

    #[tokio::test]
    async fn a_known_form_is_not_sent_again_and_another_form_is() {
        let first = answer(Some(asset()), &accepting("br"));
        let tag = first.headers().get(ETAG).unwrap().clone();
        let mut headers = accepting("br");
        headers.insert(IF_NONE_MATCH, tag.clone());
        let again = answer(Some(asset()), &headers);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers().get(ETAG), Some(&tag));
        assert_eq!(text(again).await, "");

        let mut headers = accepting("gzip");
        headers.insert(IF_NONE_MATCH, tag);
        assert_eq!(answer(Some(asset()), &headers).status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_unknown_path_is_not_found_and_not_kept() {
        for path in ["/pkg/other/style.css", "/pkg/../Cargo.toml", "/pkg/"] {
            let response = serve_asset(Uri::from_static(path), HeaderMap::new()).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
            assert_eq!(header(&response, CACHE_CONTROL), "no-store");
        }
    }

    #[test]
    fn every_kind_of_file_has_its_media_type() {
        for (name, expected) in [
            ("benefits-center.wasm", "application/wasm"),
            ("benefits-center.js", "text/javascript; charset=utf-8"),
            ("style.css", "text/css; charset=utf-8"),
            ("icons.svg", "image/svg+xml"),
            ("snippets/a/inline0.js", "text/javascript; charset=utf-8"),
            ("unknown", "application/octet-stream"),
        ] {
            assert_eq!(content_type(name), expected, "{name}");
        }
    }

    #[test]
    fn the_embedded_site_lies_below_its_digest() {
        let site = Site::embedded();
        assert!(!site.digest.is_empty());
        for asset in &site.assets {
            assert!(asset.path.starts_with(&format!("/pkg/{}/", site.digest)), "{}", asset.path);
            assert!(!asset.bytes.is_empty(), "{}", asset.path);
        }
    }

    #[cfg(debug_assertions)]
    #[test]
    fn a_debug_build_reads_the_site_from_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let public = root.path().join("pkg");
        std::fs::create_dir_all(public.join("abc")).unwrap();
        std::fs::write(public.join("abc/style.css"), "a{}").unwrap();
        std::fs::write(public.join("abc/style.css.br"), "packed").unwrap();
        assert!(folder::read(root.path()).is_err());

        std::fs::write(public.join("manifest.json"), r#"{"digest":"abc","files":["style.css"]}"#).unwrap();
        let site = folder::read(root.path()).unwrap();
        assert_eq!(site.digest, "abc");
        let [asset] = site.assets.as_slice() else { unreachable!("one file") };
        assert_eq!(asset.path, "/pkg/abc/style.css");
        assert_eq!(&*asset.bytes, b"a{}");
        assert_eq!(asset.brotli.as_deref(), Some(b"packed".as_slice()));
        assert!(asset.gzip.is_none());

        std::fs::write(public.join("manifest.json"), r#"{"digest":"abc","files":["gone.css"]}"#).unwrap();
        assert!(folder::read(root.path()).is_err());
    }
}
