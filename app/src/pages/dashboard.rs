//! The dashboard: what needs attention.

use domain::benefit::{Category, ProductKind};
use domain::view::benefits::BenefitRow;
use domain::view::dashboard::{Dashboard as Attention, Notice as NoticeView, Waiting};
use domain::view::people::Setup;
use leptos::prelude::*;
use leptos_meta::Title;

use super::benefits::path;
use super::people::SetupNotice;
use crate::components::{Column, Deadline, Ledger, ProcessingClock, Tally};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::dashboard::dashboard;

/// The first page after signing in.
#[component]
pub fn Dashboard() -> impl IntoView {
    load(|| (), |()| dashboard(), |attention| view! { <Page attention=attention/> })
}

#[component]
fn Page(attention: Signal<Attention>) -> impl IntoView {
    let texts = texts();
    let Attention { opens_benefits: opens, setup: first_setup, .. } = attention.get_untracked();
    let lead = if opens { texts.dashboard_lead() } else { texts.dashboard_lead_employee() };
    view! {
        <Title text=texts.common_page_title(texts.dashboard_title())/>
        <main class="page" id="main">
            <div class="head"><div><h1>{texts.dashboard_title()}</h1><p>{lead}</p></div></div>
            {first_setup
                .map(|first| {
                    let following = Signal::derive(move || {
                        attention
                            .with(|attention| attention.setup.clone())
                            .unwrap_or_else(|| Setup { finished: true, ..first.clone() })
                    });
                    view! { <SetupNotice setup=following with_form=false/> }
                })}
            {move || {
                let Attention { expiring, unused, waiting, unread, opens_benefits, .. } = attention.get();
                view! {
                    <div class="split">
                        <WaitingSheet waiting=waiting/>
                        <UnreadSheet unread=unread/>
                    </div>
                    <Grants
                        title=texts.dashboard_expiring()
                        none=texts.dashboard_expiring_none()
                        rows=expiring
                        own=!opens_benefits
                    />
                    {opens_benefits
                        .then(|| {
                            view! {
                                <Grants
                                    title=texts.dashboard_unused()
                                    none=texts.dashboard_unused_none()
                                    rows=unused
                                    own=false
                                />
                            }
                        })}
                }
            }}
            {(!opens).then(|| view! { <p><a class="button primary" href="/my-benefits">{texts.dashboard_to_my_benefits()}</a></p> })}
        </main>
    }
}

#[component]
fn Grants(
    title: &'static str,
    none: &'static str,
    rows: Vec<(Category, BenefitRow)>,
    /// Whether they are the reader's own seats.
    own: bool,
) -> impl IntoView {
    let texts = texts();
    if rows.is_empty() {
        return view! {
            <section class="sheet">
                <div class="sheet-head"><h2 class="h3">{title}</h2></div>
                <div class="in"><p class="muted">{none}</p></div>
            </section>
        }
        .into_any();
    }
    let rows = rows
        .into_iter()
        .map(|(category, row)| {
            let href = if own {
                "/my-benefits".to_owned()
            } else {
                format!("{}?open={id}#{id}", path(category), id = row.id)
            };
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row"><a href=href>{row.name}</a><small>{row.summary}</small></th>
                    <td role="cell" data-label=texts.common_source()>
                        {locales::source(texts, &row.source, row.source_name.as_deref())}
                    </td>
                    <td role="cell" data-label=texts.common_quantity()>
                        {(row.kind != ProductKind::Marketing)
                            .then(|| view! { <Tally used=row.used quantity=row.quantity/> })}
                    </td>
                    <td role="cell" data-label=texts.benefits_column_expires()>
                        <Deadline date=row.expires days_left=row.expires_days/>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2 class="h3">{title}</h2></div>
            <Ledger
                caption=title
                columns=vec![
                    Column::new(texts.common_benefit_name()),
                    Column::new(texts.common_source()),
                    Column::new(texts.common_quantity()),
                    Column::new(texts.benefits_column_expires()),
                ]
            >
                {rows}
            </Ledger>
        </section>
    }
    .into_any()
}

#[component]
fn WaitingSheet(waiting: Vec<Waiting>) -> impl IntoView {
    let texts = texts();
    let empty = waiting.is_empty();
    let rows = waiting
        .into_iter()
        .map(|waiting| match waiting {
            Waiting::SeatRequests(count) => view! {
                <li class="row between">
                    <span>{texts.dashboard_seat_requests(count)}</span>
                    <a href="/requests">{texts.dashboard_decide()}</a>
                </li>
            }
            .into_any(),
            Waiting::Request { number, title, processing: (day, target), .. } => view! {
                <li class="row between">
                    <a href="/requests">{title} " " <span class="muted">{texts.dashboard_request_number(number)}</span></a>
                    <ProcessingClock day=day target=target/>
                </li>
            }
            .into_any(),
        })
        .collect_view();
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2 class="h3">{texts.dashboard_waiting()}</h2></div>
            <div class="in">
                {if empty {
                    view! { <p class="muted">{texts.dashboard_waiting_none()}</p> }.into_any()
                } else {
                    view! { <ul class="stack">{rows}</ul> }.into_any()
                }}
            </div>
        </section>
    }
}

#[component]
fn UnreadSheet(unread: Vec<NoticeView>) -> impl IntoView {
    let texts = texts();
    let empty = unread.is_empty();
    let rows = unread
        .into_iter()
        .map(|notice| {
            view! {
                <li class="row between">
                    <a href=notice.link>{notice.title}</a>
                    <time class="muted small" datetime=notice.day.to_string()>
                        {locales::format::date(texts.language(), notice.day)}
                    </time>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="sheet">
            <div class="sheet-head">
                <h2 class="h3">{texts.dashboard_unread()}</h2>
                <a href="/notices">{texts.dashboard_all_notices()}</a>
            </div>
            <div class="in">
                {if empty {
                    view! { <p class="muted">{texts.dashboard_unread_none()}</p> }.into_any()
                } else {
                    view! { <ul class="stack">{rows}</ul> }.into_any()
                }}
            </div>
        </section>
    }
}
