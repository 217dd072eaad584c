//! Forms about the catalogue's drafts.

use std::collections::BTreeMap;

use domain::benefit::{Category, ProductKind, Unit};
use domain::catalogue::{
    Area, Download, Fault, FaultCode, Offer, OfferTier, Product, Programme, TierName, Translated,
};
use domain::view::catalogue::{AreaAmount, CoreShare, LEVELS};
use domain::view::form::Done;
use domain::{Day, Error, ErrorCode, Field, Language, Tier, money};
use service::Outcome;
use service::catalogue::drafts::{self, BeginDraft, WantedDraft};
use service::catalogue::edit::{Amount, Edit};
use service::catalogue::publish::{self, Publish};

use super::submission::{Performed, Reader, Submission, said};

use crate::pages::operator::catalogue::{PER_AREA, POLICY, POOL, QUANTITY, SEATS};

fn wanted(form: &Submission) -> Outcome<WantedDraft> {
    // The matrix of a draft and its products are several forms about it.
    let draft = form.text("target").split(':').next().unwrap_or_default().parse()?;
    Ok(WantedDraft { draft, version: form.version()? })
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) async fn begin(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = BeginDraft { title: form.field(Field::Title).to_owned(), file: None };
    let draft = drafts::begin(reader.service, reader.request, form.operation()?, input).await?;
    let message = reader.texts().catalogue_done_begun().to_owned();
    Ok(Done { message, go: Some(format!("/operator/catalogue/{draft}")), ..Done::default() }.into())
}

pub(super) async fn withdraw(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    drafts::withdraw(reader.service, reader.request, form.operation()?, wanted(form)?).await?;
    Ok(said(reader.texts().catalogue_done_withdrawn()))
}

pub(super) async fn bring_up_to_date(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let left =
        drafts::bring_up_to_date(reader.service, reader.request, form.operation()?, wanted(form)?).await?;
    Ok(said(reader.texts().catalogue_done_up_to_date(number(left))))
}

pub(super) async fn publish(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let typed = form.field(Field::Starts).trim();
    let from = if typed.is_empty() {
        None
    } else {
        Some(Day::parse(typed).ok_or_else(|| Error::field(Field::Starts, ErrorCode::MalformedDate))?)
    };
    let existing = match form.text("reach") {
        "new" => false,
        "existing" => true,
        _ => return Err(ErrorCode::UnknownChoice.into()),
    };
    let input = Publish { wanted: wanted(form)?, from, existing };
    let published = publish::publish(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    Ok(said(match published {
        Some(version) => texts.catalogue_done_in_force(version),
        None => texts.catalogue_done_waits().to_owned(),
    }))
}

/// An amount as somebody types it: nothing, a number, or the word or sign for no limit.
fn amount(typed: &str, word: &str) -> Option<Amount> {
    let typed = typed.trim();
    if typed.is_empty() {
        Some(Amount::Nothing)
    } else if typed == "∞" || typed.eq_ignore_ascii_case("unlimited") || typed == word {
        Some(Amount::Unlimited)
    } else {
        typed.parse().ok().filter(|number| *number > 0).map(Amount::Of)
    }
}

pub(super) async fn save_quantities(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let category = Category::from_code(form.text("category")).ok_or(ErrorCode::UnknownChoice)?;
    let word = reader.texts().common_unlimited();
    let mut amounts = BTreeMap::new();
    // A source has no colon; a faulty code may have one.
    for (name, typed) in form.beginning_with(QUANTITY) {
        let Some((product, source)) = name.rsplit_once(':') else { continue };
        let amount = amount(typed, word).ok_or_else(|| no_amount(product, source, typed))?;
        amounts.insert((product.to_owned(), source.to_owned()), amount);
    }
    let mut shares = BTreeMap::new();
    for (name, typed) in form.beginning_with(SEATS) {
        let Some((product, source)) = name.rsplit_once(':') else { continue };
        let seats = match amount(typed, "") {
            Some(Amount::Nothing) => None,
            Some(Amount::Of(number)) => Some(number),
            Some(Amount::Unlimited) | None => return Err(no_amount(product, source, typed).into()),
        };
        let pool = form.text(&format!("{POOL}{name}")).trim();
        let pool = (!pool.is_empty()).then(|| pool.to_owned());
        shares.insert((product.to_owned(), source.to_owned()), CoreShare { seats, pool });
    }
    change(reader, form, Edit::Core(category, amounts, shares)).await
}

/// Says which field of a table can't be read.
fn no_amount(product: &str, column: &str, typed: &str) -> Error {
    let typed: String = typed.chars().take(100).collect();
    unreadable(FaultCode::MalformedAmount, format!("{product} {column}: {typed}"))
}

pub(super) async fn save_area(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let category = Category::from_code(form.text("category")).ok_or(ErrorCode::UnknownChoice)?;
    // The category is the last part; a faulty code may have a colon.
    let area = named(form).rsplit_once(':').map_or("", |(area, _)| area).to_owned();
    let word = reader.texts().common_unlimited();
    let mut amounts = BTreeMap::new();
    for (name, typed) in form.beginning_with(QUANTITY) {
        let Some((product, level)) = name.rsplit_once(':') else { continue };
        let Some(level) = Tier::from_code(level).filter(|level| LEVELS.contains(level)) else { continue };
        let refused = |typed: &str| no_amount(product, level.code(), typed);
        let quantity = match amount(typed, word).ok_or_else(|| refused(typed))? {
            Amount::Nothing => {
                // Without a quantity its seats mean nothing.
                amounts.insert((product.to_owned(), level), None);
                continue;
            }
            Amount::Of(number) => Some(number),
            Amount::Unlimited => None,
        };
        let typed = form.text(&format!("{SEATS}{name}"));
        let seats = match amount(typed, "") {
            Some(Amount::Nothing) => None,
            Some(Amount::Of(number)) => Some(number),
            Some(Amount::Unlimited) | None => return Err(refused(typed).into()),
        };
        let per_area = !form.text(&format!("{PER_AREA}{name}")).is_empty();
        amounts.insert((product.to_owned(), level), Some(AreaAmount { quantity, seats, per_area }));
    }
    change(reader, form, Edit::AreaQuantities(area, category, amounts)).await
}

pub(super) async fn name_tier(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let names = |field: &str| translated(form, field, |text| text.trim().to_owned());
    let tier = TierName {
        code: OfferTier::from_code(named(form)).ok_or(ErrorCode::NotFound)?,
        name: names("name"),
        source_name: names("source_name"),
    };
    change(reader, form, Edit::Tier(Box::new(tier))).await
}

pub(super) async fn add_area(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let code = form.text("area_code").trim().to_owned();
    let performed = change(reader, form, Edit::AddArea(area(form, code.clone()))).await?;
    let draft = wanted(form)?.draft;
    // Its quantities are next; a code that was taken over has only letters that an address may have.
    let go = Some(format!("/operator/catalogue/{draft}/area?code={code}"));
    Ok(Performed { done: Done { go, ..performed.done }, ..performed })
}

pub(super) async fn name_area(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    change(reader, form, Edit::Area(area(form, named(form).to_owned()))).await
}

fn area(form: &Submission, code: String) -> Area {
    Area { code, name: translated(form, "name", |text| text.trim().to_owned()) }
}

pub(super) async fn remove_area(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let edit = Edit::RemoveArea(named(form).to_owned());
    back_to_draft(form, change(reader, form, edit).await?)
}

async fn change(reader: &Reader<'_>, form: &Submission, edit: Edit) -> Outcome<Performed> {
    let found =
        drafts::change(reader.service, reader.request, form.operation()?, wanted(form)?, edit).await?;
    Ok(said(reader.texts().catalogue_done_changed(number(found))))
}

/// A text of each language; a field's name ends in the language's tag.
fn translated<T>(form: &Submission, name: &str, read: impl Fn(&str) -> T) -> Translated<T> {
    let [en, simplified, traditional] =
        Language::ALL.map(|language| read(form.text(&format!("{name}.{}", language.tag()))));
    Translated { en, simplified, traditional }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Says which line of the downloads can't be read.
fn download(line: &str) -> Outcome<Download> {
    // An address may have semicolons of its own.
    let parts: Vec<&str> = line.splitn(6, ';').map(str::trim).collect();
    let refused = || unreadable(FaultCode::MalformedDownload, line.chars().take(100).collect());
    let [version, language, operating_system, file, bytes, address @ ..] = parts.as_slice() else {
        return Err(refused().into());
    };
    Ok(Download {
        version: (*version).to_owned(),
        language: (*language).to_owned(),
        operating_system: (*operating_system).to_owned(),
        file: (*file).to_owned(),
        bytes: bytes.parse().map_err(|_| refused())?,
        url: address.first().filter(|address| !address.is_empty()).map(|address| (*address).to_owned()),
    })
}

pub(super) async fn save_product(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let activations = form.text("activations").trim();
    let activations = if activations.is_empty() {
        None
    } else {
        let refused = |_| Error::field(Field::Quantity, ErrorCode::MalformedNumber);
        Some(activations.parse().map_err(refused)?)
    };
    let guidance = translated(form, "guidance", |text| text.trim().to_owned());
    let has_guidance = Language::ALL.iter().any(|language| !guidance.of(*language).is_empty());
    let link = form.text("portal_url").trim();
    let format = form.text("key_format").trim().to_uppercase();
    let product = Product {
        code: form.text("product_code").trim().to_owned(),
        kind: ProductKind::from_code(form.text("kind")).ok_or(ErrorCode::UnknownChoice)?,
        unit: Unit::from_code(form.text("unit")).ok_or(ErrorCode::UnknownChoice)?,
        activations,
        key_format: (!format.is_empty()).then_some(format),
        portal_url: (!link.is_empty()).then(|| link.to_owned()),
        name: translated(form, "name", |text| text.trim().to_owned()),
        summary: translated(form, "summary", |text| text.trim().to_owned()),
        instructions: translated(form, "instructions", lines),
        guidance: has_guidance.then_some(guidance),
        downloads: lines(form.text("downloads")).iter().map(|line| download(line)).collect::<Outcome<_>>()?,
    };
    // The form of a product that is there already names it; that of a new one names the draft alone.
    let is_new = form.text("target").split_once(':').is_none_or(|(_, code)| code.is_empty());
    let product = Box::new(product);
    let edit = if is_new { Edit::NewProduct(product) } else { Edit::Product(product) };
    change(reader, form, edit).await
}

pub(super) async fn remove_product(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let edit = Edit::RemoveProduct(form.text("product_code").to_owned());
    back_to_draft(form, change(reader, form, edit).await?)
}

/// A fault that is found before the catalogue's own: what was typed can't even be read.
fn unreadable(code: FaultCode, place: String) -> Error {
    let faults = vec![Fault { code, place: place.clone() }];
    Error { number: Some(1), faults, ..Error::new(ErrorCode::CatalogueFaulty) }.with_detail(place)
}

/// What the target of a form names behind the draft; empty for something new.
fn named(form: &Submission) -> &str {
    form.target().split_once(':').map_or("", |(_, code)| code)
}

pub(super) async fn save_offer(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let known = named(form);
    let code = if known.is_empty() { form.text("offer_code").trim() } else { known }.to_owned();
    let currency = form.text("currency").trim().to_uppercase();
    let price = money::parse(form.text("price"), &currency);
    let offer = Box::new(Offer {
        tier: OfferTier::from_code(form.text("tier")).ok_or(ErrorCode::UnknownChoice)?,
        price_minor: price
            .ok_or_else(|| unreadable(FaultCode::MalformedPrice, format!("offer {code}, price_minor")))?,
        currency,
        name: translated(form, "name", |text| text.trim().to_owned()),
        description: translated(form, "description", |text| text.trim().replace("\r\n", "\n")),
        code,
    });
    if !known.is_empty() {
        return change(reader, form, Edit::Offer(offer)).await;
    }
    back_to_draft(form, change(reader, form, Edit::AddOffer(offer)).await?)
}

pub(super) async fn remove_offer(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let edit = Edit::RemoveOffer(named(form).to_owned());
    back_to_draft(form, change(reader, form, edit).await?)
}

pub(super) async fn save_programme(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let details = translated(form, "bank_details", lines);
    let any = Language::ALL.iter().any(|language| !details.of(*language).is_empty());
    let programme = Programme {
        name: translated(form, "name", |text| text.trim().to_owned()),
        bank_details: any.then_some(details),
    };
    change(reader, form, Edit::Programme(Box::new(programme))).await
}

pub(super) async fn save_policies(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    // An empty field leaves a policy as it is; one without a choice isn't sent at all.
    let values = form.beginning_with(POLICY).map(|(name, typed)| {
        let typed = typed.trim();
        (name.to_owned(), (!typed.is_empty()).then(|| typed.to_owned()))
    });
    change(reader, form, Edit::Policies(values.collect())).await
}

/// What the page was about is new or gone: the draft's page goes on.
fn back_to_draft(form: &Submission, performed: Performed) -> Outcome<Performed> {
    let draft = wanted(form)?.draft;
    Ok(Performed {
        done: Done { go: Some(format!("/operator/catalogue/{draft}")), ..performed.done },
        ..performed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_nothing_a_number_or_without_limit() {
        for (typed, expected) in [
            ("", Some(Amount::Nothing)),
            (" 25 ", Some(Amount::Of(25))),
            ("∞", Some(Amount::Unlimited)),
            ("Unlimited", Some(Amount::Unlimited)),
            ("不限", Some(Amount::Unlimited)),
            ("0", None),
            ("-3", None),
            ("2.5", None),
            ("many", None),
        ] {
            assert_eq!(amount(typed, "不限"), expected, "{typed}");
        }
    }

    #[test]
    fn a_download_is_five_parts_and_the_last_one_a_number() {
        let read = download("10; en; windows_x64; a.iso; 12").expect("a download");
        assert_eq!((read.file.as_str(), read.bytes, read.url), ("a.iso", 12, None));
        let read = download("10; en; windows_x64; a.iso; 12; https://a.example/x?y=1;2").expect("a download");
        assert_eq!(read.url.as_deref(), Some("https://a.example/x?y=1;2"));
        assert_eq!(download("10; en; windows_x64; a.iso; 12; ").expect("a download").url, None);
        for line in ["10; en; windows_x64; a.iso", "10; en; windows_x64; a.iso; large", ""] {
            assert!(download(line).is_err(), "{line}");
        }
    }
}
