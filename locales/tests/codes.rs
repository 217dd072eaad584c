//! Every code of the domain has its words.

use domain::catalogue::FaultCode;
use domain::error::{ErrorCode, Field};
use domain::older_portal::{RecordColumn, RecordFault, RecordKind};
use domain::view::catalogue::Part;
use domain::{Language, OperatorRole, Role};
use locales::texts;

#[test]
fn every_code_has_a_text() {
    let codes = (ErrorCode::ALL.iter().map(|code| ("error", code.code())))
        .chain(Field::ALL.iter().map(|field| ("field", field.code())))
        .chain(Role::ALL.iter().map(|role| ("role", role.code())))
        .chain(FaultCode::ALL.iter().map(|code| ("catalogue_fault", code.code())))
        .chain(Part::ALL.iter().map(|part| ("catalogue_part", part.code())))
        .chain(RecordKind::ALL.iter().map(|kind| ("record_kind", kind.code())))
        .chain(RecordColumn::ALL.iter().map(|column| ("record_column", column.code())))
        .chain(RecordFault::ALL.iter().map(|fault| ("record_fault", fault.code())))
        .chain(OperatorRole::ALL.iter().map(|role| ("role", role.code())));
    let mut missing = Vec::new();
    for (area, code) in codes {
        for language in Language::ALL {
            if texts(language).find(area, code).is_none() {
                missing.push(format!("{area}.toml has no `{code}` in {}", language.tag()));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
