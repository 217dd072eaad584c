//! The files, read back by another program's eyes.

#![allow(clippy::expect_used, clippy::panic)]

use documents::{Buyer, Error, Invoice, Kind, Line, Payment};
use domain::order::PaymentMethod;
use domain::{Day, Language};
use lopdf::{Document, Object};

fn invoice(language: Language) -> Invoice {
    Invoice {
        number: 50_001,
        kind: Kind::Invoice,
        issued: Day::new(2026, 11, 20).expect("a day"),
        order: 10_007,
        seller: match language {
            Language::English => "Partner Network".to_owned(),
            Language::SimplifiedChinese => "合作伙伴网络".to_owned(),
            Language::TraditionalChinese => "合作夥伴網路".to_owned(),
        },
        buyer: Buyer { name: "Łódź Ångström & 龍騰資訊".to_owned(), address: Vec::new() },
        lines: vec![Line {
            offer: match language {
                Language::English => "Silver competency: DevOps".to_owned(),
                Language::SimplifiedChinese => "银级资质：DevOps".to_owned(),
                Language::TraditionalChinese => "銀級專長認證：DevOps".to_owned(),
            },
            quantity: 1,
            amount_minor: 167_050,
        }],
        total_minor: 167_050,
        currency: "USD".to_owned(),
        payment: Some(Payment {
            method: PaymentMethod::BankTransfer,
            paid: Day::new(2026, 11, 19).expect("a day"),
        }),
        language,
    }
}

fn read(invoice: &Invoice) -> Document {
    let bytes = invoice.pdf().unwrap_or_else(|error| panic!("{error}"));
    assert!(bytes.starts_with(b"%PDF-"));
    Document::load_mem(&bytes).expect("a PDF file")
}

/// The text of each page, without its spaces and line ends.
fn pages(file: &Document) -> Vec<String> {
    let text = |page: &u32| file.extract_text(&[*page]).expect("text").split_whitespace().collect();
    file.get_pages().keys().map(text).collect()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[track_caller]
fn says(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(&squeezed(text)), "{text} is not in {page}");
    }
}

#[test]
fn an_invoice_says_everything_in_the_readers_language() {
    for (language, words) in [
        (
            Language::English,
            [
                "Invoice 50001",
                "Seller",
                "Partner Network",
                "Billed to",
                "Issued 20 Nov 2026",
                "Order 10007",
                "Payment Bank transfer",
                "Paid 19 Nov 2026",
                "Silver competency: DevOps 1 US$1,670.50",
                "Total US$1,670.50",
                "Page 1 of 1",
            ],
        ),
        (
            Language::SimplifiedChinese,
            [
                "发票 50001",
                "卖方",
                "合作伙伴网络",
                "买方",
                "开具日期 2026年11月20日",
                "订单 10007",
                "付款 银行转账",
                "付款日期 2026年11月19日",
                "银级资质：DevOps 1 1,670.50 美元",
                "合计 1,670.50 美元",
                "第 1 页，共 1 页",
            ],
        ),
        (
            Language::TraditionalChinese,
            [
                "發票 50001",
                "賣方",
                "合作夥伴網路",
                "買方",
                "開立日期 2026年11月20日",
                "訂單 10007",
                "付款 銀行轉帳",
                "付款日期 2026年11月19日",
                "銀級專長認證：DevOps 1 1,670.50 美元",
                "合計 1,670.50 美元",
                "第 1 頁，共 1 頁",
            ],
        ),
    ] {
        let pages = pages(&read(&invoice(language)));
        assert_eq!(pages.len(), 1);
        says(&pages[0], &words);
        says(&pages[0], &["Łódź Ångström & 龍騰資訊"]);
    }
}

#[test]
fn a_credit_note_names_its_invoice() {
    for (language, words) in [
        (Language::English, ["Credit note 50002", "For invoice 50001", "Total credited US$1,670.50"]),
        (Language::SimplifiedChinese, ["贷记单 50002", "对应发票 50001", "贷记合计 1,670.50 美元"]),
        (Language::TraditionalChinese, ["折讓單 50002", "原發票 50001", "折讓合計 1,670.50 美元"]),
    ] {
        let credit = Invoice {
            number: 50_002,
            kind: Kind::CreditNote { invoice: 50_001 },
            payment: None,
            ..invoice(language)
        };
        let pages = pages(&read(&credit));
        says(&pages[0], &words);
        assert_eq!(credit.file_name(), "credit-note-50002.pdf");
    }
    assert_eq!(invoice(Language::TraditionalChinese).file_name(), "invoice-50001.pdf");
}

#[test]
fn a_total_that_is_no_sum_is_refused() {
    let whole = invoice(Language::English);
    let wrong = Invoice { total_minor: 167_049, ..whole.clone() };
    let told = Error::TotalDiffers { number: 50_001, lines: Some(167_050), total: 167_049 };
    assert_eq!(wrong.pdf(), Err(told));
    let line = Line { amount_minor: i64::MAX, ..whole.lines[0].clone() };
    let endless = Invoice { lines: vec![line; 2], ..whole.clone() };
    let told = Error::TotalDiffers { number: 50_001, lines: None, total: 167_050 };
    assert_eq!(endless.pdf(), Err(told));
    let empty = Invoice { lines: Vec::new(), total_minor: 0, ..whole.clone() };
    says(&pages(&read(&empty))[0], &["Total US$0"]);
    let line = Line { quantity: 3, amount_minor: 50, ..whole.lines[0].clone() };
    let three = Invoice { lines: vec![line; 3], total_minor: 150, currency: "TWD".to_owned(), ..whole };
    says(&pages(&read(&three))[0], &["3 NT$0.50", "Total NT$1.50"]);
}

#[test]
fn many_lines_go_on_on_further_pages() {
    let one = invoice(Language::SimplifiedChinese);
    let lines: Vec<Line> = (1..=90)
        .map(|number| Line { offer: format!("优惠项目<{number}>"), quantity: number, amount_minor: 100 })
        .collect();
    let long = Invoice { lines, total_minor: 9_000, ..one };
    let pages = pages(&read(&long));
    assert_eq!(pages.len(), 3);
    for (at, page) in pages.iter().enumerate() {
        says(page, &["优惠", "数量", "金额", "发票 50001", &format!("第 {} 页，共 3 页", at + 1)]);
    }
    let all = pages.concat();
    for number in 1..=90 {
        assert_eq!(all.matches(&format!("优惠项目<{number}>")).count(), 1, "{number}");
    }
    says(&pages[2], &["合计 90.00 美元"]);
    assert!(!pages[1].contains("合计"));
}

#[test]
fn a_long_name_wraps_and_nothing_of_it_is_lost() {
    for name in
        ["Consulting and Sons ".repeat(40), "咨".repeat(400), "x".repeat(5_000), "咨询 x,".repeat(900)]
    {
        let name = name.trim_end().to_owned();
        let buyer = Buyer { name: name.clone(), address: vec![String::new(), "12 号".to_owned()] };
        let pages = pages(&read(&Invoice { buyer, ..invoice(Language::English) }));
        let footers: Vec<String> = (1..=pages.len())
            .map(|page| squeezed(&format!("Invoice 50001 Page {page} of {}", pages.len())))
            .collect();
        let body: String =
            pages.iter().zip(&footers).map(|(page, footer)| page.replace(footer.as_str(), "")).collect();
        says(&body, &[&name, "12 号", "Total US$1,670.50"]);
    }
}

#[test]
fn what_no_font_has_is_seen_to_be_missing() {
    let name = "😀 한국 شركة Ab\u{e000}";
    let buyer = Buyer { name: name.to_owned(), address: vec!["\0\n\u{feff}\u{fffe}\u{10ffff}".to_owned()] };
    let pages = pages(&read(&Invoice { buyer, ..invoice(Language::English) }));
    let sign = |count| "\u{fffd}".repeat(count);
    says(&pages[0], &[&format!("{}Ab{}", sign(7), sign(3)), "Total US$1,670.50"]);
}

#[test]
fn every_character_can_stand_in_a_name() {
    let all: Vec<char> =
        ('\0'..=char::MAX).filter(|letter| *letter < '\u{32000}' || *letter > '\u{dfff0}').collect();
    for letters in all.chunks(0x8000) {
        let buyer = Buyer { name: letters.iter().collect(), address: Vec::new() };
        let made = Invoice { buyer, ..invoice(Language::English) }.pdf();
        assert!(made.is_ok(), "{:?}: {made:?}", letters.first());
    }
}

#[test]
fn the_same_document_is_the_same_file() {
    for language in Language::ALL {
        let first = invoice(language).pdf().expect("a file");
        let again = std::thread::spawn(move || invoice(language).pdf()).join().expect("no panic");
        assert!(again.expect("a file") == first, "{language:?}");
        let text = String::from_utf8_lossy(&first);
        assert!(text.contains("D:20261120"), "the day of issue");
        assert!(!text.contains("D:20261119") && !text.contains("D:20261121"));
        assert!(first.len() < 80_000, "{} bytes: only what is used of the fonts", first.len());
    }
}

#[test]
fn the_file_says_its_title_language_and_structure() {
    for (language, title, tag) in [
        (Language::English, "Invoice 50001", "en"),
        (Language::SimplifiedChinese, "发票 50001", "zh-Hans"),
        (Language::TraditionalChinese, "發票 50001", "zh-Hant"),
    ] {
        let file = read(&invoice(language));
        let info = file.trailer.get(b"Info").and_then(Object::as_reference).expect("information");
        let info = file.get_dictionary(info).expect("information");
        let written = info.get(b"Title").and_then(lopdf::decode_text_string).expect("a title");
        assert_eq!(written, title);
        let catalog = file.catalog().expect("a catalogue");
        let written = catalog.get(b"Lang").and_then(lopdf::decode_text_string).expect("a language");
        assert_eq!(written, tag);
        let marked = catalog.get(b"MarkInfo").and_then(Object::as_dict).expect("marks");
        assert!(marked.get(b"Marked").and_then(Object::as_bool).expect("marked"));
        assert!(catalog.has(b"StructTreeRoot") && catalog.has(b"Outlines"));
        let kinds: Vec<String> = file
            .objects
            .values()
            .filter_map(|object| object.as_dict().ok()?.get(b"S").ok()?.as_name().ok())
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        for (kind, count) in [("H1", 1), ("P", 4), ("Table", 2), ("TH", 8), ("TD", 8)] {
            assert_eq!(kinds.iter().filter(|name| *name == kind).count(), count, "{kind} in {kinds:?}");
        }
    }
}
