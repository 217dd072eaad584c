//! Names of tiers: what the portal's own texts said becomes data of the programme. Which tiers there are stays a rule.

crate::dialect::schema_migration!("m0038_tier_names", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

// The source stands beside its name, so that a grant finds it by its own.
const SCHEMA: &str = "
create table tier_text (
    tier text not null check (tier in ('network', 'action_pack', 'silver', 'gold', 'isv')),
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    name text not null,
    source text not null
        check (source in ('network_core', 'action_pack', 'silver_core', 'gold_core', 'isv_co_sell')),
    source_name text not null,
    primary key (tier, language),
    unique (source, language)
);
insert into tier_text (tier, language, name, source, source_name) values
    ('network', 'en', 'Network', 'network_core', 'Network membership'),
    ('network', 'zh-Hans', '网络', 'network_core', '网络会员资格'),
    ('network', 'zh-Hant', '網路', 'network_core', '網路會員資格'),
    ('action_pack', 'en', 'Action Pack', 'action_pack', 'Action Pack'),
    ('action_pack', 'zh-Hans', 'Action Pack', 'action_pack', 'Action Pack'),
    ('action_pack', 'zh-Hant', '行動套件', 'action_pack', '行動套件'),
    ('silver', 'en', 'Silver', 'silver_core', 'Silver Core'),
    ('silver', 'zh-Hans', '银级', 'silver_core', '银级核心'),
    ('silver', 'zh-Hant', '銀級', 'silver_core', '銀級核心'),
    ('gold', 'en', 'Gold', 'gold_core', 'Gold Core'),
    ('gold', 'zh-Hans', '金级', 'gold_core', '金级核心'),
    ('gold', 'zh-Hant', '金級', 'gold_core', '金級核心'),
    ('isv', 'en', 'ISV', 'isv_co_sell', 'ISV Co-sell ready'),
    ('isv', 'zh-Hans', 'ISV 优惠', 'isv_co_sell', 'ISV 联合销售就绪'),
    ('isv', 'zh-Hant', 'ISV 優惠', 'isv_co_sell', 'ISV 為共同銷售做好準備')
";
