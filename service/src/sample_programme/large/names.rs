//! Names of companies and people, put together from parts. All of them are invented.

use domain::Language;

use super::dice::Dice;

const FIRST: [&str; 24] = [
    "Alder", "Birch", "Bracken", "Calder", "Dapple", "Ember", "Fallow", "Garnet", "Hazel", "Iron", "Juniper",
    "Kelp", "Lark", "Marrow", "Nettle", "Osprey", "Pebble", "Quill", "Rowan", "Sorrel", "Thistle", "Umber",
    "Vesper", "Willow",
];
const SECOND: [&str; 20] = [
    "beck", "bridge", "croft", "dale", "fell", "field", "gate", "haven", "holt", "lea", "mere", "moor",
    "point", "reach", "ridge", "stead", "strand", "wharf", "wick", "worth",
];
const BUSINESS: [&str; 6] = ["Systems", "Consulting", "Software", "Networks", "Solutions", "Data"];

/// A character with how it is written in an address.
type Sign = (&'static str, &'static str);

const SIGNS_FIRST: [Sign; 24] = [
    ("青", "qing"),
    ("白", "bai"),
    ("松", "song"),
    ("竹", "zhu"),
    ("月", "yue"),
    ("海", "hai"),
    ("雨", "yu"),
    ("石", "shi"),
    ("金", "jin"),
    ("玉", "yu"),
    ("晨", "chen"),
    ("晴", "qing"),
    ("古", "gu"),
    ("朗", "lang"),
    ("霜", "shuang"),
    ("梅", "mei"),
    ("柏", "bo"),
    ("秋", "qiu"),
    ("冬", "dong"),
    ("北", "bei"),
    ("南", "nan"),
    ("西", "xi"),
    ("安", "an"),
    ("和", "he"),
];
const SIGNS_SECOND: [Sign; 20] = [
    ("川", "chuan"),
    ("河", "he"),
    ("原", "yuan"),
    ("岸", "an"),
    ("林", "lin"),
    ("山", "shan"),
    ("岳", "yue"),
    ("泉", "quan"),
    ("洲", "zhou"),
    ("堤", "di"),
    ("塔", "ta"),
    ("城", "cheng"),
    ("港", "gang"),
    ("丘", "qiu"),
    ("流", "liu"),
    ("沙", "sha"),
    ("星", "xing"),
    ("舟", "zhou"),
    ("谷", "gu"),
    ("舍", "she"),
];
const BUSINESS_SIMPLIFIED: [&str; 6] = ["信息技术", "软件", "数据", "网络科技", "系统集成", "咨询"];
const BUSINESS_TRADITIONAL: [&str; 6] = ["資訊科技", "軟體", "數據", "網路科技", "系統整合", "顧問"];

const GIVEN: [&str; 36] = [
    "Adela", "Anders", "Bastian", "Brita", "Caspar", "Cosima", "Darian", "Elske", "Emeric", "Fenna",
    "Florian", "Gerda", "Halvard", "Idunn", "Ilario", "Jorun", "Katrin", "Leif", "Lorena", "Magnus",
    "Mirela", "Nadia", "Oskar", "Petra", "Quentin", "Ragna", "Rufus", "Selma", "Soren", "Tamsin", "Theo",
    "Ulrike", "Viggo", "Wanda", "Yara", "Zdenka",
];
const FAMILY: [&str; 40] = [
    "Abendroth",
    "Arkwright",
    "Balcombe",
    "Bergqvist",
    "Calloway",
    "Corrigan",
    "Dahlgren",
    "Drummond",
    "Eastgate",
    "Fairweather",
    "Falkenrath",
    "Gillespie",
    "Greaves",
    "Halloran",
    "Hedlund",
    "Ibsworth",
    "Jessop",
    "Kallmeyer",
    "Kirkbride",
    "Langtree",
    "Lindqvist",
    "Merriweather",
    "Nordahl",
    "Oakes",
    "Ostergaard",
    "Penhallow",
    "Quarmby",
    "Rasmussen",
    "Rosewarne",
    "Sandoval",
    "Silvester",
    "Tarrant",
    "Thorsby",
    "Umfreville",
    "Valentin",
    "Wainscott",
    "Westerlund",
    "Yardley",
    "Zeller",
    "Zimmerli",
];
const FAMILY_SIGNS: [Sign; 20] = [
    ("林", "lin"),
    ("何", "he"),
    ("高", "gao"),
    ("梁", "liang"),
    ("宋", "song"),
    ("唐", "tang"),
    ("韩", "han"),
    ("曹", "cao"),
    ("邓", "deng"),
    ("彭", "peng"),
    ("曾", "zeng"),
    ("田", "tian"),
    ("董", "dong"),
    ("潘", "pan"),
    ("袁", "yuan"),
    ("蔡", "cai"),
    ("余", "yu"),
    ("杜", "du"),
    ("叶", "ye"),
    ("程", "cheng"),
];
const GIVEN_SIGNS: [Sign; 24] = [
    ("若", "ruo"),
    ("言", "yan"),
    ("知", "zhi"),
    ("远", "yuan"),
    ("清", "qing"),
    ("和", "he"),
    ("文", "wen"),
    ("思", "si"),
    ("明", "ming"),
    ("一", "yi"),
    ("可", "ke"),
    ("心", "xin"),
    ("安", "an"),
    ("宁", "ning"),
    ("书", "shu"),
    ("景", "jing"),
    ("辰", "chen"),
    ("月", "yue"),
    ("溪", "xi"),
    ("白", "bai"),
    ("南", "nan"),
    ("乔", "qiao"),
    ("羽", "yu"),
    ("舒", "shu"),
];
/// Characters of names that are written in another way in Taiwan.
const TRADITIONAL: [(char, char); 7] =
    [('韩', '韓'), ('邓', '鄧'), ('叶', '葉'), ('远', '遠'), ('宁', '寧'), ('书', '書'), ('乔', '喬')];

fn nth<T: Copy + Default>(list: &[T], number: usize) -> T {
    list.get(number % list.len().max(1)).copied().unwrap_or_default()
}

/// Name and mail domain of a company; thousands of numbers in a row have names of their own, and every number has a
/// domain of its own.
pub(super) fn company(number: usize, language: Language) -> (String, String) {
    let business = number / (FIRST.len() * SECOND.len()) + number;
    let second = number / FIRST.len();
    let simplified = match language {
        Language::English => {
            let name = format!("{}{}", nth(&FIRST, number), nth(&SECOND, second));
            let domain = format!("{}-{}.example", name.to_lowercase(), number + 1);
            return (format!("{name} {}", nth(&BUSINESS, business)), domain);
        }
        Language::SimplifiedChinese => true,
        Language::TraditionalChinese => false,
    };
    let (first, second) = (nth(&SIGNS_FIRST, number), nth(&SIGNS_SECOND, second));
    let business = nth(if simplified { &BUSINESS_SIMPLIFIED } else { &BUSINESS_TRADITIONAL }, business);
    let domain = format!("{}{}-{}.example", first.1, second.1, number + 1);
    (format!("{}{}{business}", first.0, second.0), domain)
}

/// Name and address of somebody at a domain; the number makes the address theirs alone.
pub(super) fn person(dice: &mut Dice, language: Language, number: usize, domain: &str) -> (String, String) {
    if language == Language::English {
        let (given, family) = (dice.pick(&GIVEN), dice.pick(&FAMILY));
        let address = format!("{}.{}.{}@{domain}", given.to_lowercase(), family.to_lowercase(), number + 1);
        return (format!("{given} {family}"), address);
    }
    let (family, one, two) = (dice.pick(&FAMILY_SIGNS), dice.pick(&GIVEN_SIGNS), dice.pick(&GIVEN_SIGNS));
    let mut name = format!("{}{}{}", family.0, one.0, two.0);
    if language == Language::TraditionalChinese {
        let other =
            |sign: char| TRADITIONAL.iter().find(|(from, _)| *from == sign).map_or(sign, |(_, to)| *to);
        name = name.chars().map(other).collect();
    }
    (name, format!("{}{}.{}.{}@{domain}", one.1, two.1, family.1, number + 1))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::text::Email;
    use domain::{Field, Language};

    use super::super::dice::Dice;
    use super::{company, person};

    #[test]
    fn companies_have_names_and_domains_of_their_own() {
        for language in Language::ALL {
            let all: Vec<(String, String)> = (0..2000).map(|number| company(number, language)).collect();
            let names: HashSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
            let domains: HashSet<&str> = all.iter().map(|(_, domain)| domain.as_str()).collect();
            assert_eq!((names.len(), domains.len()), (2000, 2000), "{language:?}");
        }
    }

    #[test]
    fn an_address_is_written_as_it_is_looked_up() {
        let mut dice = Dice::of(3);
        for language in Language::ALL {
            let (name, address) = person(&mut dice, language, 11, "alderbeck-1.example");
            assert!(!name.is_empty());
            assert_eq!(Email::parse(Field::Email, &address).expect("an address").key(), address);
        }
    }
}
