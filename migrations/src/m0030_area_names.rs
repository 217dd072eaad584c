//! Names of competency areas: what the portal's own texts said becomes data of the programme. An area that they
//! had no name for is named by its code.

crate::dialect::schema_migration!("m0030_area_names", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

// No reference to `competency_area`: an area that the programme doesn't have any more keeps its name for what is held
// in it.
const SCHEMA: &str = "
create table competency_area_text (
    area text not null,
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    name text not null,
    primary key (area, language)
);
insert into competency_area_text (area, language, name)
with known (area, en, simplified, traditional) as (values
    ('cloud_crm', 'Cloud CRM', '云 CRM', '雲端 CRM'),
    ('application_development', 'Application Development', '应用程序开发', '應用程式開發'),
    ('application_integration', 'Application Integration', '应用程序集成', '應用程式整合'),
    ('cloud_platform', 'Cloud Platform', '云平台', '雲端平台'),
    ('devops', 'DevOps', 'DevOps', 'DevOps'),
    ('datacenter', 'Datacenter', '数据中心', '資料中心'),
    ('cloud_business_applications', 'Cloud Business Applications', '云业务应用程序', '雲端商務應用程式'),
    ('enterprise_resource_planning', 'Enterprise Resource Planning', '企业资源规划', '企業資源規劃'),
    ('project_and_portfolio_management', 'Project and Portfolio Management', '项目和项目组合管理', '專案和專案組合管理'),
    ('data_analytics', 'Data Analytics', '数据分析', '資料分析'),
    ('data_platform', 'Data Platform', '数据平台', '資料平台'),
    ('collaboration_and_content', 'Collaboration and Content', '协作和内容', '共同作業和內容'),
    ('communications', 'Communications', '通信', '通訊'),
    ('cloud_productivity', 'Cloud Productivity', '云生产力', '雲端生產力'),
    ('enterprise_mobility_management', 'Enterprise Mobility Management', '企业移动性管理', '企業行動管理'),
    ('messaging', 'Messaging', '消息传递', '訊息處理'),
    ('security', 'Security', '安全性', '安全性'),
    ('small_and_midmarket_cloud_solutions', 'Small and Midmarket Cloud Solutions', '中小型企业云解决方案', '中小型企業雲端解決方案'),
    ('windows_and_devices', 'Windows and Devices', 'Windows 和设备', 'Windows 和裝置')),
named (area) as (select code from competency_area
    union select area from attained_area
    union select area from entitlement where area is not null
    union select k.area from known k where exists (select 1 from order_line l
        where ',' || l.areas || ',' like '%,' || k.area || ',%'))
select n.area, 'en', coalesce(k.en, n.area) from named n left join known k on k.area = n.area
union all
select n.area, 'zh-Hans', coalesce(k.simplified, n.area) from named n left join known k on k.area = n.area
union all
select n.area, 'zh-Hant', coalesce(k.traditional, n.area) from named n left join known k on k.area = n.area
";
