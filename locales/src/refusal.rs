//! A refusal of the domain in words.

use domain::{Day, Error, FieldError};

use crate::{Texts, fill, format};

/// A refusal in a sentence or two: what is wrong and what to do next.
///
/// The fields of a form have their own words, see [`field_refusal`].
#[must_use]
pub fn refusal(texts: Texts, error: &Error) -> String {
    let names: Vec<&str> = error
        .roles
        .iter()
        .map(|role| role.code())
        .chain(error.operator_roles.iter().map(|role| role.code()))
        .filter_map(|code| texts.find_role(code))
        .collect();
    let language = texts.language();
    words(
        texts,
        error.code.code(),
        &[
            ("number", error.number.map(|number| format::number(language, number))),
            ("detail", error.detail.as_deref().map(|detail| written(texts, detail))),
            ("roles", some(format::list_or(language, &names))),
            ("colleagues", some(format::list_or(language, &error.colleagues))),
        ],
    )
}

/// What is wrong about a field and how it should be.
#[must_use]
pub fn field_refusal(texts: Texts, error: &FieldError) -> String {
    let number = error.number.map(|number| format::number(texts.language(), number));
    words(texts, error.code.code(), &[("number", number)])
}

/// A day as the reader writes days; anything else as it is.
fn written(texts: Texts, detail: &str) -> String {
    Day::parse(detail).map_or_else(|| detail.to_owned(), |day| format::date(texts.language(), day))
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// The most telling text of a code whose places can all be filled.
fn words(texts: Texts, code: &str, facts: &[(&str, Option<String>)]) -> String {
    let known: Vec<(&str, &str)> =
        facts.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
    let one = known.contains(&("number", "1")).then_some("_one");
    one.into_iter()
        .chain(["_colleagues", "_detail", "", "_plain"])
        .filter_map(|variant| texts.find_error(&format!("{code}{variant}")))
        .find(|template| complete(template, &known))
        .map_or_else(|| texts.error_internal().to_owned(), |template| fill(template, &known))
}

fn complete(template: &str, known: &[(&str, &str)]) -> bool {
    template
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .all(|(name, _)| known.iter().any(|(known, _)| *known == name))
}

#[cfg(test)]
mod tests {
    use domain::error::{Error, ErrorCode, Field, FieldError};
    use domain::{Language, OperatorRole, Role};

    use super::{field_refusal, refusal};
    use crate::texts;

    #[test]
    fn a_day_is_written_as_the_reader_writes_days() {
        let over = Error::new(ErrorCode::ReplacementOver).with_detail("2026-11-22");
        assert!(refusal(texts(Language::English), &over).contains("until 22 Nov 2026."));
        assert!(refusal(texts(Language::SimplifiedChinese), &over).contains("2026年11月22日"));
    }

    #[test]
    fn a_refusal_has_words_whatever_facts_it_carries() {
        for language in Language::ALL {
            let texts = texts(language);
            for code in ErrorCode::ALL {
                let bare = Error::new(*code);
                let mut full = bare.clone().with_number(7).with_detail("Maren Tolvik");
                full.roles = vec![Role::GlobalAdmin];
                full.colleagues = vec!["Ingrid Vaszary".to_owned()];
                for error in [&bare, &full] {
                    let words = refusal(texts, error);
                    assert!(!words.contains(['{', '}']), "{code:?} in {language:?}: {words}");
                    assert!(
                        *code == ErrorCode::Internal || words != texts.error_internal(),
                        "{code:?} in {language:?} has no words"
                    );
                }
                let number = Some(3);
                let field = FieldError { field: Field::Name, code: *code, number };
                assert!(!field_refusal(texts, &field).contains('{'), "{code:?} in {language:?}");
            }
        }
    }

    #[test]
    fn rule_6_a_refusal_names_roles_and_colleagues() {
        let mut error = Error::new(ErrorCode::RoleNeeded);
        error.roles = vec![Role::GlobalAdmin, Role::PartnerAdmin];
        let english = texts(Language::English);
        assert_eq!(refusal(english, &error), "This needs the role Global admin or MPN partner admin.");
        error.colleagues = vec!["Maren Tolvik".to_owned(), "Ingrid Vaszary".to_owned()];
        error.roles.pop();
        assert_eq!(
            refusal(english, &error),
            "This needs the role Global admin. Maren Tolvik or Ingrid Vaszary can do it."
        );
        error.colleagues.clear();
        error.roles.clear();
        error.operator_roles = vec![OperatorRole::Auditor];
        assert_eq!(refusal(texts(Language::TraditionalChinese), &error), "這需要「稽核員」角色。");
    }

    #[test]
    fn one_fault_is_not_told_as_several() {
        let error = Error::new(ErrorCode::CatalogueFaulty).with_detail("offer gold, price_minor");
        let said = |number: i64| refusal(texts(Language::English), &error.clone().with_number(number));
        assert!(said(1).starts_with("The catalogue has a fault at: offer gold, price_minor."), "{}", said(1));
        assert!(said(2).starts_with("The catalogue has 2 faults"), "{}", said(2));
    }

    #[test]
    fn a_number_is_named_where_there_is_one() {
        let mut error = FieldError { field: Field::AccessId, code: ErrorCode::NineDigits, number: Some(7) };
        let english = texts(Language::English);
        assert_eq!(field_refusal(english, &error), "Nine digits; this has 7. Check the number.");
        error.number = None;
        assert_eq!(field_refusal(english, &error), "This needs nine digits. Check the number.");
    }
}
