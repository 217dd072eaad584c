/**
 * The sample programme's people that the tests sign in as; the whole list is in
 * `service/sample_programme/companies.toml` and `operators.toml`.
 */

/** The password of every demo account. */
export const PASSWORD = 'benefits-demo-2020';

export type Account = { readonly email: string; readonly name: string };

const account = (email: string, name: string): Account => ({ email, name });

/** Fernhollow Systems: Gold in several areas, with Action Pack and an ISV offer. English. */
export const fernhollow = {
  globalAdmin: account('maren.tolvik@fernhollow.example', 'Maren Tolvik'),
  otherGlobalAdmin: account('ingrid.vaszary@fernhollow.example', 'Ingrid Vaszary'),
  /** Serves Kestrel & Ash Consulting, too. */
  partnerAdmin: account('odalys.brandt@fernhollow.example', 'Odalys Brandt-Reyes'),
  otherPartnerAdmin: account('linnea.achterberg@fernhollow.example', 'Linnea Achterberg'),
  userAdmin: account('malin.thistlewood@fernhollow.example', 'Malin Thistlewood'),
  adminAgent: account('kofi.anselmsen@fernhollow.example', 'Kofi Anselmsen'),
  userAdminAndAgent: account('lino.ferraz@fernhollow.example', 'Lino Ferraz-Okoye'),
  employee: account('teodor.wrzosek@fernhollow.example', 'Teodor Wrzosek'),
  otherEmployee: account('yunhee.paikova@fernhollow.example', 'Yunhee Paikova'),
  chineseEmployee: account('zhiyao.shen@fernhollow.example', '沈知遥'),
  longNamedEmployee: account('alexandrina.wolfeschlegel@fernhollow.example', 'Alexandrina Wolfeschlegel-Montgomery'),
  /** Has not chosen a password yet. */
  invited: account('eirik.tveitanger@fernhollow.example', 'Eirik Tveitanger'),
  suspended: account('tarik.selimbasic@fernhollow.example', 'Tarik Selimbasic'),
} as const;

/** Kestrel & Ash Consulting: Action Pack. English. */
export const kestrelAsh = {
  globalAdmin: account('piet.zanderling@kestrelash.example', 'Piet Zanderling'),
  partnerAdmin: account('ulla.brennmark@kestrelash.example', 'Ulla Brennmark'),
  userAdmin: account('rowan.ashgrovely@kestrelash.example', 'Rowan Ashgrovely'),
  employee: account('imogen.larkwhistle@kestrelash.example', 'Imogen Larkwhistle'),
} as const;

/** 澄湖信息技术: Silver and Action Pack. Simplified Chinese. */
export const chenghu = {
  globalAdmin: account('yanchu.gu@chenghu.example', '顾言初'),
  partnerAdmin: account('qinghe.wei@chenghu.example', '卫青禾'),
  userAdmin: account('qizhen.lu@chenghu.example', '陆其臻'),
  adminAgent: account('suining.qin@chenghu.example', '秦穗宁'),
  employee: account('ruolan.wen@chenghu.example', '温若岚'),
} as const;

/** 簡原數位顧問: network membership only. Traditional Chinese. */
export const chienyuan = {
  globalAdmin: account('yunting.yeh@chienyuan.example', '葉昀庭'),
  partnerAdmin: account('yingcheng.su@chienyuan.example', '蘇映澄'),
  userAdmin: account('yuhsi.cheng@chienyuan.example', '鄭予晞'),
  adminAgent: account('chiao.fanchiang@chienyuan.example', '范姜喬'),
  employee: account('shuyen.hsu@chienyuan.example', '許書硯'),
} as const;

/** Who runs the programme. */
export const operators = {
  programmeAdmin: account('rosalind.ekwueme@northlight.example', 'Rosalind Ekwueme'),
  catalogueManager: account('henrik.solvang@northlight.example', 'Henrik Solvang-Adeyemi'),
  fulfilmentAgent: account('marisa.talvinen@northlight.example', 'Marisa Talvinen'),
  chineseFulfilmentAgent: account('ruoxi.ding@northlight.example', '丁若溪'),
  auditor: account('bartholomew.okonreed@northlight.example', 'Bartholomew Okonreed'),
} as const;
