//! The style sheet: `style/main.css` with all it imports, in one minified file.

use std::path::Path;
use std::sync::{Arc, RwLock};

use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions};
use lightningcss::targets::{Browsers, Targets};

use crate::failure::{Failure, Outcome, While};

/// The oldest browsers the style sheet is written for; what they know is left as it stands.
fn targets() -> Targets {
    let version = |major: u32, minor: u32| Some((major << 16) | (minor << 8));
    Targets::from(Browsers {
        chrome: version(123, 0),
        edge: version(123, 0),
        firefox: version(128, 0),
        safari: version(17, 5),
        ios_saf: version(17, 5),
        ..Browsers::default()
    })
}

/// Bundles and minifies the file. A mistake in it is a failure with file, line and column.
pub fn bundle(main: &Path) -> Outcome<String> {
    let files = FileProvider::new();
    let warnings = Arc::new(RwLock::new(Vec::new()));
    let options = ParserOptions { warnings: Some(Arc::clone(&warnings)), ..ParserOptions::default() };
    let mut sheet =
        Bundler::new(&files, None, options).bundle(main).could_not(|| "bundle the style sheet".to_owned())?;
    sheet
        .minify(MinifyOptions { targets: targets(), ..MinifyOptions::default() })
        .could_not(|| "minify the style sheet".to_owned())?;
    let printed = sheet
        .to_css(PrinterOptions { minify: true, targets: targets(), ..PrinterOptions::default() })
        .could_not(|| "write the style sheet".to_owned())?;
    let warnings =
        warnings.read().map(|warnings| warnings.iter().map(ToString::to_string).collect::<Vec<_>>());
    match warnings {
        Ok(warnings) if !warnings.is_empty() => {
            Err(Failure::new(format!("the style sheet has mistakes: {}", warnings.join("; "))))
        }
        _ => Ok(printed.code),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-style-{name}-{}", std::process::id()));
        let _ = fs::create_dir_all(&folder);
        folder
    }

    #[test]
    fn imports_become_one_small_file_with_their_layers() {
        let folder = folder("imports");
        assert!(
            fs::write(folder.join("main.css"), "@layer base;\n@import './part.css' layer(base);\n").is_ok()
        );
        assert!(fs::write(folder.join("part.css"), ".a {\n  & .b { color: red; }\n}\n").is_ok());
        let css = bundle(&folder.join("main.css"));
        let _ = fs::remove_dir_all(&folder);
        assert_eq!(css.ok().as_deref(), Some("@layer base{.a{& .b{color:red}}}"));
    }

    #[test]
    fn a_mistake_names_its_file() {
        let folder = folder("mistake");
        assert!(fs::write(folder.join("main.css"), ".a { color: red; } }\n.b { color }\n").is_ok());
        let failed = bundle(&folder.join("main.css"));
        let _ = fs::remove_dir_all(&folder);
        assert!(failed.is_err_and(|failure| failure.to_string().contains("main.css")));
    }

    #[test]
    fn a_missing_import_is_a_failure() {
        let folder = folder("missing");
        assert!(fs::write(folder.join("main.css"), "@import './absent.css';\n").is_ok());
        assert!(bundle(&folder.join("main.css")).is_err());
        let _ = fs::remove_dir_all(&folder);
    }
}
