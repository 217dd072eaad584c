//! Writes one document of each kind and language into a folder, to look at:
//! `cargo run -p documents --example samples -- <folder>`.

use std::path::PathBuf;

use documents::{Buyer, Invoice, Kind, Line, Payment};
use domain::order::PaymentMethod;
use domain::{Day, Language};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    for language in Language::ALL {
        let (seller, offer) = match language {
            Language::English => ("Partner Network", "Silver competency: DevOps"),
            Language::SimplifiedChinese => ("合作伙伴网络", "银级资质：DevOps"),
            Language::TraditionalChinese => ("合作夥伴網路", "銀級專長認證：DevOps"),
        };
        let invoice = Invoice {
            number: 50_001,
            kind: Kind::Invoice,
            issued: Day::new(2026, 11, 20).ok_or("no day")?,
            order: 10_007,
            seller: seller.to_owned(),
            buyer: Buyer {
                name: "Kestrel & Ash Consulting 红隼與白蠟樹顧問有限公司".to_owned(),
                address: vec!["Storgata 5".to_owned(), "0155 Oslo, Noreg 한국 😀".to_owned()],
            },
            lines: vec![
                Line { offer: offer.to_owned(), quantity: 1, amount_minor: 167_000 },
                Line { offer: format!("{offer} ").repeat(8), quantity: 12, amount_minor: 123_456_789 },
            ],
            total_minor: 123_623_789,
            currency: "USD".to_owned(),
            payment: Day::new(2026, 11, 20).map(|paid| Payment { method: PaymentMethod::BankTransfer, paid }),
            language,
        };
        let credit = Invoice {
            number: 50_002,
            kind: Kind::CreditNote { invoice: 50_001 },
            payment: None,
            ..invoice.clone()
        };
        let long = Invoice {
            lines: vec![invoice.lines.clone(); 20].concat(),
            total_minor: invoice.total_minor * 20,
            number: 50_003,
            ..invoice.clone()
        };
        for document in [invoice, credit, long] {
            std::fs::write(
                folder.join(format!("{}-{}", language.tag(), document.file_name())),
                document.pdf()?,
            )?;
        }
    }
    Ok(())
}
