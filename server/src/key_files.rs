//! Files of product keys on their way in. What a file says stays in memory until it is sealed; no answer and no
//! log has any of it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::multipart::{Field as Part, MultipartRejection};
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use domain::key_format::{KeyFormat, KeyText};
use domain::key_import::KEY_BYTES_MAX;
use domain::operation::OperationId;
use domain::{Error, ErrorCode, Field};
use service::keys::formats;
use service::keys::import::{self, CHUNK, ImportKeys};

use crate::caller::Caller;
use crate::plain;
use crate::router::Site;

/// The longest other field of the form that is read, in bytes.
const FIELD_MAX: usize = 1024;

/// The form as it came.
#[derive(Default)]
struct Filled {
    operation: String,
    batch: String,
    source: String,
    pasted: Vec<u8>,
    file: Vec<u8>,
}

/// Takes a batch of keys, pasted or as a file, and leads to its progress, or back with what is wrong.
pub async fn import(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(product): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let mut filled = Filled::default();
    // Nothing is read of somebody who may not.
    if let Err(failure) = import::may(&caller.request) {
        return plain::refused(&site, &caller, "import_keys", &failure).await;
    }
    let read = match form {
        Ok(form) => read(form, &mut filled).await,
        Err(_) => Err(ErrorCode::NotText.into()),
    };
    let outcome = match read.and_then(|()| content(&filled)) {
        Ok((operation, content)) => {
            let input = ImportKeys {
                product: product.clone(),
                source: filled.source.clone(),
                batch: filled.batch.clone(),
                content,
                chunk: CHUNK,
            };
            import::import(&site.service, &caller.request, operation, input).await
        }
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(staged) => {
            let batch = staged.batch;
            lead(&format!("{}?open={batch}#batch-{batch}", page(&product)))
        }
        Err(failure) => {
            let formats = match formats::of_all(site.service.database.reader()).await {
                Ok(formats) => formats,
                Err(failure) => return plain::refused(&site, &caller, "import_keys", &failure).await,
            };
            if let Some(query) = about_the_form(&failure.told(), &filled, &formats) {
                return lead(&format!("{}?{query}#import", page(&product)));
            }
            plain::refused(&site, &caller, "import_keys", &failure).await
        }
    }
}

/// The page of a pool; the product's code comes from an address.
fn page(product: &str) -> String {
    let letters = product.bytes().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    format!("/operator/keys/{}", letters.map(char::from).collect::<String>())
}

/// Operation id and keys: pasted or of a file, never both.
fn content(filled: &Filled) -> Result<(OperationId, &[u8]), Error> {
    let operation = OperationId::parse(&filled.operation)?;
    match (filled.file.is_empty(), filled.pasted.is_empty()) {
        (true, true) => Err(Error::field(Field::ProductKeys, ErrorCode::Required)),
        (true, false) => Ok((operation, &filled.pasted)),
        (false, true) => Ok((operation, &filled.file)),
        // Which of the two was meant nobody knows.
        (false, false) => Err(Error::field(Field::ProductKeys, ErrorCode::EitherFileOrPasted)),
    }
}

/// What the page itself says, with name and source as they were typed; keys don't come back.
fn about_the_form(error: &Error, filled: &Filled, formats: &[KeyFormat]) -> Option<String> {
    let told = matches!(
        error.code,
        ErrorCode::Invalid
            | ErrorCode::Required
            | ErrorCode::TooLarge
            | ErrorCode::NotText
            | ErrorCode::NoRows
            | ErrorCode::TooManyRows
            | ErrorCode::OperationMissing
            | ErrorCode::OperationReused
    );
    let mut pairs = vec![
        ("fault", error.code.code().to_owned()),
        ("batch", shown_again(&filled.batch, formats)),
        ("source", shown_again(&filled.source, formats)),
    ];
    for fault in &error.fields {
        let name = match fault.field {
            Field::Batch => "wrong_batch",
            Field::KeySource => "wrong_key_source",
            _ => "wrong_product_keys",
        };
        pairs.push((name, fault.code.code().to_owned()));
    }
    told.then(|| serde_html_form::to_string(&pairs).unwrap_or_default())
}

/// What was typed, unless a key stands in it: addresses are kept in histories and logs.
fn shown_again(typed: &str, formats: &[KeyFormat]) -> String {
    if KeyText::stands_in(typed, formats) { String::new() } else { typed.to_owned() }
}

async fn read(mut form: Multipart, filled: &mut Filled) -> Result<(), Error> {
    loop {
        let part = form.next_field().await.map_err(|_| Error::new(ErrorCode::NotText))?;
        let Some(part) = part else { return Ok(()) };
        match part.name().unwrap_or_default() {
            "operation" => filled.operation = text(part).await?,
            "batch" => filled.batch = text(part).await?,
            "source" => filled.source = text(part).await?,
            "product_keys" => filled.pasted = bytes(part, KEY_BYTES_MAX).await?,
            "file" => filled.file = bytes(part, KEY_BYTES_MAX).await?,
            _ => {}
        }
    }
}

/// The text of a short field.
pub(crate) async fn text(part: Part<'_>) -> Result<String, Error> {
    let bytes = bytes(part, FIELD_MAX).await?;
    String::from_utf8(bytes).map_err(|_| Error::new(ErrorCode::NotText))
}

/// Read to its end without being kept where it is too large: a browser that still sends doesn't hear an answer.
pub(crate) async fn bytes(mut part: Part<'_>, most: usize) -> Result<Vec<u8>, Error> {
    let (mut content, mut large) = (Vec::new(), false);
    while let Some(chunk) = part.chunk().await.map_err(|_| Error::new(ErrorCode::TooLarge))? {
        large |= content.len() + chunk.len() > most;
        if !large {
            content.extend_from_slice(&chunk);
        }
    }
    if large { Err(ErrorCode::TooLarge.into()) } else { Ok(content) }
}

fn lead(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path.to_owned())]).into_response()
}
