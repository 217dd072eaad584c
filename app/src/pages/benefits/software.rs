//! An open row of software: what the key costs, the key, downloads, activations, instructions.

use domain::Field;
use domain::benefit::ProductKind;
use domain::catalogue::{language_key, system_key};
use domain::view::benefits::{DetailKind, GrantDetail, WhyNot};
use domain::view::form::Shown;
use domain::view::software::{ActivationEntry, KeyDetail, KeyState, Package, RefundEnds, Replacement, size};
use leptos::prelude::*;
use locales::{Texts, format};

use super::seats::SeatsPane;
use crate::components::{
    ButtonTone, Column, Deadline, DisabledButton, Icon, IconName, KeyOutput, Ledger, Notice, Point,
    PointKind, Points, SubmitButton, TextField, Tick, Tone, Voucher, Why, WhyKind, hydrated,
};
use crate::forms::{Form, PostForm, ReasonField};
use crate::i18n::texts;
use crate::words;

/// Software with its key, downloads, activations and instructions (rule 8).
#[component]
pub fn SoftwareDetail(
    /// The open row.
    detail: Signal<GrantDetail>,
) -> impl IntoView {
    let texts = texts();
    let software = Memo::new(move |last: Option<&Option<KeyDetail>>| match detail.get().kind {
        DetailKind::Software(software) => Some(*software),
        _ => last.cloned().flatten(),
    });
    let Some(first) = software.get_untracked() else { return ().into_any() };
    let start = first.clone();
    let software = Signal::derive(move || software.get().unwrap_or_else(|| start.clone()));
    let grant = detail.with_untracked(|detail| detail.row.id);
    let form = Form::new("reveal_key", grant);
    let key = first.key.map(|start| {
        let key = Signal::derive(move || {
            software.with(|software| software.key.clone()).unwrap_or_else(|| start.clone())
        });
        view! { <KeyPane form=form key=key/> }
    });
    let own = first.own.and_then(|start| {
        let seat = start.own_seat?;
        let form = Form::new("reveal_key", seat);
        let key = Signal::derive(move || {
            software.with(|software| software.own.clone()).unwrap_or_else(|| start.clone())
        });
        Some(view! {
            <h2 class="h3">{texts.software_own_key()}</h2>
            <KeyPane form=form key=key/>
        })
    });
    let no_key = key.is_none().then(|| view! { <p class="muted">{texts.software_no_key()}</p> });
    view! {
        <div class="stack loose">
            <div class="split">
                <div class="wide stack loose">
                    {key}
                    {no_key}
                    {own}
                    <Downloads grant=grant.to_string() software=software/>
                </div>
                <div class="stack">
                    <Facts detail=detail software=software/>
                    <Instructions detail=detail/>
                </div>
            </div>
            {first.seats.is_some().then(|| view! { <SeatsPane detail=detail/> })}
            {first
                .activations
                .is_some()
                .then(|| view! { <ActivationsPane grant=grant.to_string() software=software/> })}
        </div>
    }
    .into_any()
}

/// What a key's pane shows.
#[derive(Clone, PartialEq, Eq)]
enum Phase {
    /// What it costs, and the button.
    Before,
    /// Drawn, but not on this page.
    Hidden,
    /// The key.
    Open(String),
}

/// A key: a voucher with what it costs, then the key (rule 8). The key comes from the answer to the
/// form's post, never from the page's data.
#[component]
pub fn KeyPane(
    /// The form `reveal_key`, about a grant, or about the seat whose key it is.
    form: Form,
    /// The key's state.
    #[prop(into)]
    key: Signal<KeyState>,
    /// Seats that a cloud key brings.
    #[prop(optional, into)]
    seats: Option<Signal<Option<i64>>>,
) -> impl IntoView {
    let replace = Form::new("replace_key", form.target());
    let phase = Memo::new(move |_| match replace.shown().get().or_else(|| form.shown().get()) {
        Some(Shown::Key { key, .. }) => Phase::Open(key),
        _ if key.with(|key| key.revealed.is_some()) => Phase::Hidden,
        _ => Phase::Before,
    });
    let pane = move || match phase.get() {
        Phase::Before => view! { <BeforeKey form=form key=key seats=seats/> }.into_any(),
        Phase::Hidden => view! { <HiddenKey form=form key=key/> }.into_any(),
        Phase::Open(shown) => view! { <OpenKey shown=shown key=key/> }.into_any(),
    };
    view! {
        <div class="stack">
            {pane}
            <ReplaceKey form=replace key=key/>
        </div>
    }
}

/// Another key in the place of one that doesn't work, with the last day on which that is possible.
#[component]
fn ReplaceKey(form: Form, key: Signal<KeyState>) -> impl IntoView {
    let texts = texts();
    let replacement = Memo::new(move |_| key.with(|key| key.replacement.clone()));
    let refused = form.refused();
    move || {
        let Replacement { until, withdrawn, why_not } = replacement.get()?;
        let lead = if withdrawn {
            view! { <Notice tone=Tone::Wait><p>{texts.software_replace_withdrawn()}</p></Notice> }.into_any()
        } else {
            let day = format::date(texts.language(), until);
            view! { <p class="small muted">{texts.software_replace_until(day)}</p> }.into_any()
        };
        let body = match why_not {
            None => view! {
                <PostForm form=form class="stack">
                    {of_seat(key)}
                    <ReasonField form=form label=texts.software_replace_reason()/>
                    <div class="row">
                        <SubmitButton
                            label=texts.software_replace_button()
                            icon=IconName::Key
                            tone=ButtonTone::Secondary
                            busy=form.pending
                        />
                    </div>
                </PostForm>
            }
            .into_any(),
            Some(error) => view! {
                <div class="stack">
                    {self::refused(texts, texts.software_replace_button(), form.id(Field::Reason), error)}
                </div>
            }
            .into_any(),
        };
        Some(view! {
            <details class="disclose" open=refused || withdrawn>
                <summary class="button quiet">{texts.software_replace_summary()}</summary>
                <div class="stack">{lead} {body}</div>
            </details>
        })
    }
}

/// Says that the key belongs to a seat and not to the grant.
fn of_seat(key: Signal<KeyState>) -> impl IntoView {
    key.with_untracked(|key| key.own_seat.is_some())
        .then(|| view! { <input type="hidden" name="of" value="seat"/> })
}

#[component]
fn BeforeKey(form: Form, key: Signal<KeyState>, seats: Option<Signal<Option<i64>>>) -> impl IntoView {
    let texts = texts();
    let why_not = Memo::new(move |_| key.with(|key| key.why_not.clone()));
    let ends = Memo::new(move |_| key.with(|key| key.refund.clone()));
    let points = move || costs(texts, &key.get(), seats.and_then(|seats| seats.get()));
    let conditions = move || {
        ends.with(Option::is_some).then(|| {
            view! { <p class="small"><a href="/benefits/cancel">{texts.software_see_conditions()}</a></p> }
        })
    };
    // The tick stays as it is while other data changes.
    let needs_tick = Memo::new(move |_| ends.with(Option::is_some) && why_not.with(Option::is_none));
    let tick = move || {
        needs_tick.get().then(|| {
            view! {
                <Tick
                    id=form.id(Field::Accept)
                    name=Field::Accept.code()
                    label=texts.software_accept_refund_ends()
                    required=true
                    error=form.field_error(Field::Accept)
                />
            }
        })
    };
    let button = move || match why_not.get() {
        None => view! {
            <SubmitButton label=texts.software_get_keys() icon=IconName::Key busy=form.pending/>
            <p class="small muted">{texts.common_cant_be_undone()}</p>
        }
        .into_any(),
        Some(error) => refused(texts, texts.software_get_keys(), form.id(Field::Reason), error),
    };
    view! {
        <PostForm form=form class="wide">
            {of_seat(key)}
            <Voucher stub=move || view! { {tick} {button} }>
                <h2 class="h3">{texts.software_before()}</h2>
                {move || view! { <Points points=points()/> }}
                {conditions}
            </Voucher>
        </PostForm>
    }
}

/// What a first reveal costs: the refund first, then activations, then the record.
fn costs(texts: Texts, key: &KeyState, seats: Option<i64>) -> Vec<Point> {
    let mut points = Vec::with_capacity(3);
    if let Some(RefundEnds { offer, until }) = &key.refund {
        points.push(Point {
            kind: PointKind::Heed,
            title: texts.software_refund_ends(offer),
            text: texts.software_refund_ends_text(format::date(texts.language(), *until)),
        });
    }
    let (title, text) = match (seats, key.activations) {
        (Some(seats), _) => (texts.cloud_key_seats(seats), texts.cloud_key_seats_text()),
        (None, Some(activations)) => {
            (texts.software_one_key_activations(activations), texts.software_one_key_activations_text())
        }
        (None, None) => (texts.software_one_key().to_owned(), texts.software_one_key_text()),
    };
    points.push(Point { kind: PointKind::Plain(IconName::Key), title, text: text.to_owned() });
    points.push(Point {
        kind: PointKind::Plain(IconName::Record),
        title: texts.software_recorded().to_owned(),
        text: if key.own_seat.is_some() {
            texts.software_recorded_own_text()
        } else {
            texts.software_recorded_text()
        }
        .to_owned(),
    });
    points
}

/// The button that can't be pressed, with the reason below it (rule 6).
pub(super) fn refused(texts: Texts, label: &'static str, id: String, error: domain::Error) -> AnyView {
    let kind = WhyKind::of(&error);
    view! {
        <DisabledButton label=label describedby=id.clone()/>
        <Why id=id kind=kind text=words::refusal(texts, &error)/>
    }
    .into_any()
}

#[component]
fn HiddenKey(form: Form, key: Signal<KeyState>) -> impl IntoView {
    let texts = texts();
    let why_not = Memo::new(move |_| key.with(|key| key.why_not.clone()));
    let button = move || match why_not.get() {
        None => view! {
            <SubmitButton
                label=texts.software_show_key()
                icon=IconName::Key
                tone=ButtonTone::Secondary
                busy=form.pending
            />
        }
        .into_any(),
        Some(error) => refused(texts, texts.software_show_key(), form.id(Field::Reason), error),
    };
    view! {
        <PostForm form=form class="stack">
            {of_seat(key)}
            <h2 class="h4">{texts.software_product_key()}</h2>
            <p>{texts.software_hidden()}</p>
            <div class="row">{button}</div>
            {move || first_revealed(texts, key)}
        </PostForm>
    }
}

#[component]
fn OpenKey(shown: String, key: Signal<KeyState>) -> impl IntoView {
    let texts = texts();
    view! {
        <div class="stack">
            <h2 class="h4">{texts.software_product_key()}</h2>
            <KeyOutput key=shown name=texts.software_product_key()/>
            {move || first_revealed(texts, key)}
        </div>
    }
}

fn first_revealed(texts: Texts, key: Signal<KeyState>) -> Option<impl IntoView> {
    key.with(|key| key.revealed.clone()).map(|revealed| {
        let time = format::date_time(texts.language(), revealed.day, revealed.time);
        view! { <p class="small muted">{texts.software_first_revealed(revealed.by, time)}</p> }
    })
}

#[component]
fn Facts(detail: Signal<GrantDetail>, software: Signal<KeyDetail>) -> impl IntoView {
    let texts = texts();
    let kind = move || software.with(|software| kind_name(texts, software.kind));
    let granted = move || {
        detail.with(|detail| {
            let source = locales::source(texts, &detail.row.source, detail.row.source_name.as_deref());
            texts.software_granted_from(format::date(texts.language(), detail.granted), source)
        })
    };
    let activations = move || {
        software.with(|software| {
            software.activations.as_ref().map(|activations| {
                let used = format::number(texts.language(), activations.used);
                let limit = activations.limit.map_or_else(
                    || texts.common_unlimited().to_owned(),
                    |limit| format::number(texts.language(), limit),
                );
                let left = activations.left.map(|left| texts.software_activations_left(left));
                view! {
                    <dt>{texts.software_activations()}</dt>
                    <dd>
                        {used} " / " {limit}
                        {left.map(|left| view! { <span class="muted">" · "{left}</span> })}
                    </dd>
                }
            })
        })
    };
    view! {
        <dl class="facts">
            <dt>{texts.software_kind()}</dt>
            <dd>{kind}</dd>
            <dt>{texts.software_granted()}</dt>
            <dd>{granted}</dd>
            {activations}
            <dt>{texts.common_use_by()}</dt>
            <dd>
                {move || {
                    let (date, left) = detail.with(|detail| (detail.row.expires, detail.row.expires_days));
                    view! { <Deadline date=date days_left=left/> }
                }}
            </dd>
        </dl>
    }
}

fn kind_name(texts: Texts, kind: ProductKind) -> &'static str {
    match kind {
        ProductKind::MultipleActivationKey => texts.software_kind_multiple_activation_key(),
        ProductKind::CoreKey => texts.software_kind_core_key(),
        ProductKind::LicenseOnly => texts.software_kind_license_only(),
        ProductKind::CloudLicense => texts.software_kind_cloud_license(),
        _ => texts.software_kind_single_key(),
    }
}

/// Special instructions, a step each.
#[component]
pub(super) fn Instructions(
    /// The open row.
    detail: Signal<GrantDetail>,
) -> impl IntoView {
    let texts = texts();
    let steps = Memo::new(move |_| detail.with(|detail| detail.instructions.clone()));
    move || {
        let steps = steps.get();
        (!steps.is_empty()).then(|| {
            view! {
                <h2 class="h4">{texts.software_instructions()}</h2>
                <ol class="small numbered">
                    {steps.into_iter().map(|step| view! { <li>{step}</li> }).collect_view()}
                </ol>
            }
        })
    }
}

/// What stands in place of the downloads, or that they are there.
#[derive(Clone, PartialEq)]
enum Shelf {
    Empty,
    AfterKey,
    Refused(domain::Error),
    Open,
}

#[component]
fn Downloads(grant: String, software: Signal<KeyDetail>) -> impl IntoView {
    let texts = texts();
    let grant = StoredValue::new(grant);
    let packages = Memo::new(move |_| software.with(|software| software.downloads.clone()));
    let shelf = Memo::new(move |_| {
        software.with(|software| {
            let waits = software.key.as_ref().is_some_and(|key| key.revealed.is_none());
            match &software.why_not_download {
                _ if software.downloads.is_empty() => Shelf::Empty,
                Some(error) => Shelf::Refused(error.clone()),
                None if waits => Shelf::AfterKey,
                None => Shelf::Open,
            }
        })
    });
    let refund = Memo::new(move |_| software.with(|software| software.refund.clone()));
    let content = move || match shelf.get() {
        Shelf::Empty => view! { <p class="muted">{texts.software_nothing_to_download()}</p> }.into_any(),
        Shelf::AfterKey => view! { <p class="muted">{texts.software_download_after_key()}</p> }.into_any(),
        Shelf::Refused(error) => {
            let kind = WhyKind::of(&error);
            view! { <Why kind=kind text=words::refusal(texts, &error)/> }.into_any()
        }
        Shelf::Open => view! {
            {move || {
                refund
                    .get()
                    .map(|ends| {
                        let date = format::date(texts.language(), ends.until);
                        view! {
                            <Notice tone=Tone::Wait>
                                <p>{texts.software_download_ends_refund(date, ends.offer)}</p>
                            </Notice>
                        }
                    })
            }}
            <PackageChooser grant=grant packages=packages/>
            <PackageTable grant=grant packages=packages/>
        }
        .into_any(),
    };
    view! {
        <div class="stack">
            <h2 class="h4">{texts.software_downloads()}</h2>
            {content}
        </div>
    }
}

fn address(grant: StoredValue<String>, package: &Package) -> String {
    grant.with_value(|grant| format!("/downloads/{grant}/{}", package.id))
}

fn language_name(texts: Texts, code: &str) -> String {
    texts.find_package(&language_key(code)).unwrap_or(code).to_owned()
}

fn system_name(texts: Texts, code: &str) -> String {
    texts.find_package(&system_key(code)).unwrap_or(code).to_owned()
}

/// Each of the values once, in their order.
fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in values {
        if !found.iter().any(|known| known == value) {
            found.push(value.to_owned());
        }
    }
    found
}

/// Language and operating system, of those that exist together; what is left can be downloaded.
/// Without JavaScript it isn't there: the table below it has every package.
#[component]
fn PackageChooser(grant: StoredValue<String>, packages: Memo<Vec<Package>>) -> impl IntoView {
    let texts = texts();
    let ready = hydrated();
    let wanted_language = RwSignal::new(texts.language().tag().to_owned());
    let wanted_system = RwSignal::new(String::new());
    let languages = Memo::new(move |_| {
        packages.with(|packages| distinct(packages.iter().map(|package| package.language.as_str())))
    });
    let language = Memo::new(move |_| chosen(&wanted_language.get(), &languages.get()));
    let systems = Memo::new(move |_| {
        let language = language.get();
        packages.with(|packages| {
            let here = packages.iter().filter(|package| package.language == language);
            distinct(here.map(|package| package.operating_system.as_str()))
        })
    });
    let system = Memo::new(move |_| chosen(&wanted_system.get(), &systems.get()));
    let found = Memo::new(move |_| {
        let (language, system) = (language.get(), system.get());
        packages.with(|packages| {
            let fits =
                |package: &&Package| package.language == language && package.operating_system == system;
            packages.iter().filter(fits).cloned().collect::<Vec<_>>()
        })
    });
    let id = |field: Field| grant.with_value(|grant| format!("package-{}-{grant}", field.code()));
    let (language_id, system_id) = (id(Field::Language), id(Field::OperatingSystem));
    view! {
        <div class="stack" hidden=move || !ready.get()>
            <div class="form">
                <div class="field">
                    <label for=language_id.clone()>{texts.field_language()}</label>
                    <select
                        id=language_id
                        prop:value=move || language.get()
                        on:change=move |event| wanted_language.set(event_target_value(&event))
                    >
                        {move || options(&languages.get(), &language.get_untracked(), |code| language_name(texts, code))}
                    </select>
                </div>
                <div class="field">
                    <label for=system_id.clone()>{texts.field_operating_system()}</label>
                    <select
                        id=system_id
                        prop:value=move || system.get()
                        on:change=move |event| wanted_system.set(event_target_value(&event))
                    >
                        {move || options(&systems.get(), &system.get_untracked(), |code| system_name(texts, code))}
                    </select>
                </div>
            </div>
            <ul class="stack" aria-live="polite">
                {move || found.get().iter().map(|package| line(texts, grant, package)).collect_view()}
            </ul>
        </div>
    }
}

/// What was wanted, or the first where that doesn't exist.
fn chosen(wanted: &str, existing: &[String]) -> String {
    existing.iter().find(|code| *code == wanted).or(existing.first()).cloned().unwrap_or_default()
}

fn options(codes: &[String], chosen: &str, name: impl Fn(&str) -> String) -> Vec<AnyView> {
    codes
        .iter()
        .map(|code| {
            view! { <option value=code.clone() selected=code == chosen>{name(code)}</option> }.into_any()
        })
        .collect()
}

fn line(texts: Texts, grant: StoredValue<String>, package: &Package) -> impl IntoView + use<> {
    let about = format!("{} · {}", package.version, size(package.bytes));
    view! {
        <li class="row">
            <a
                class="button"
                href=address(grant, package)
                rel="external"
                download
                aria-label=texts.software_download_named(&package.file_name)
            >
                <Icon name=IconName::Load/>
                <span>{texts.software_download()}</span>
            </a>
            <span>
                <b>{package.file_name.clone()}</b>
                " "
                <span class="muted nowrap">{about}</span>
            </span>
        </li>
    }
}

/// Every package that exists.
#[component]
fn PackageTable(grant: StoredValue<String>, packages: Memo<Vec<Package>>) -> impl IntoView {
    let texts = texts();
    let columns = vec![
        Column::new(texts.software_file()),
        Column::new(texts.software_version()),
        Column::new(texts.field_language()),
        Column::new(texts.field_operating_system()),
        Column::new(texts.software_size()),
    ];
    let row = move |package: Package| {
        let href = address(grant, &package);
        view! {
            <tr role="row">
                <th role="rowheader" scope="row">
                    <a href=href rel="external" download>{package.file_name}</a>
                </th>
                <td role="cell" data-label=texts.software_version()>{package.version}</td>
                <td role="cell" data-label=texts.field_language()>{language_name(texts, &package.language)}</td>
                <td role="cell" data-label=texts.field_operating_system()>
                    {system_name(texts, &package.operating_system)}
                </td>
                <td role="cell" data-label=texts.software_size()>{size(package.bytes)}</td>
            </tr>
        }
    };
    view! {
        <details>
            <summary>{texts.software_downloads_all()} " · " {move || packages.with(Vec::len)}</summary>
            <Ledger caption=texts.software_downloads_all() columns=columns>
                {move || packages.get().into_iter().map(row).collect_view()}
            </Ledger>
        </details>
    }
}

#[component]
fn ActivationsPane(grant: String, software: Signal<KeyDetail>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("record_activations", grant);
    let entries = Memo::new(move |_| {
        software.with(|software| software.activations.as_ref().map(|a| a.entries.clone()).unwrap_or_default())
    });
    let why_not: Memo<WhyNot> = Memo::new(move |_| {
        software.with(|software| software.activations.as_ref().and_then(|a| a.why_not_record.clone()))
    });
    let before_key = Memo::new(move |_| {
        software.with(|software| software.key.as_ref().is_some_and(|key| key.revealed.is_none()))
    });
    let recording = move || match why_not.get() {
        // Before the key there is nothing to record, and the voucher says how to get it.
        Some(error) if before_key.get() && error.code == domain::ErrorCode::WrongState => ().into_any(),
        Some(error) => {
            let button = refused(texts, texts.software_record(), form.id(Field::Reason), error);
            view! { <div class="stack">{button}</div> }.into_any()
        }
        None => view! { <RecordForm form=form software=software/> }.into_any(),
    };
    view! {
        <div class="split">
            <div class="wide stack">
                <h2 class="h4">{texts.software_ledger()}</h2>
                <Show
                    when=move || entries.with(|entries| !entries.is_empty())
                    fallback=move || view! { <p class="muted">{texts.software_ledger_empty()}</p> }
                >
                    <EntryTable entries=entries/>
                </Show>
            </div>
            {recording}
        </div>
    }
}

#[component]
fn EntryTable(entries: Memo<Vec<ActivationEntry>>) -> impl IntoView {
    let texts = texts();
    let columns = vec![
        Column::new(texts.software_when()),
        Column::new(texts.software_how_many()),
        Column::new(texts.software_who()),
        Column::new(texts.software_note()),
    ];
    let row = move |entry: ActivationEntry| {
        view! {
            <tr role="row">
                <th role="rowheader" scope="row">
                    <time datetime=entry.day.to_string()>{format::date(texts.language(), entry.day)}</time>
                </th>
                <td role="cell" data-label=texts.software_how_many()>
                    {format::number(texts.language(), entry.amount)}
                </td>
                <td role="cell" data-label=texts.software_who()>{entry.by}</td>
                <td role="cell" data-label=texts.software_note()>{entry.note}</td>
            </tr>
        }
    };
    view! {
        <div class="sheet">
            <Ledger caption=texts.software_ledger() columns=columns>
                {move || entries.get().into_iter().map(row).collect_view()}
            </Ledger>
        </div>
    }
}

#[component]
fn RecordForm(form: Form, software: Signal<KeyDetail>) -> impl IntoView {
    let texts = texts();
    let refund = Memo::new(move |_| software.with(|software| software.refund.clone()));
    let ends = move || {
        refund.get().map(|ends| {
            let date = format::date(texts.language(), ends.until);
            view! {
                <Notice tone=Tone::Wait>
                    <p>{texts.software_record_ends_refund(date, ends.offer)}</p>
                </Notice>
            }
        })
    };
    let fields = move || {
        // Empty again once they are recorded.
        form.done.track();
        view! {
            <TextField
                id=form.id(Field::Quantity)
                name=Field::Quantity.code()
                label=texts.software_how_many()
                value=form.value(Field::Quantity, "")
                help=texts.software_record_count_help()
                error=form.field_error(Field::Quantity)
                maxlength=12_u32
                required=true
            />
            <TextField
                id=form.id(Field::Reason)
                name=Field::Reason.code()
                label=texts.software_note()
                value=form.value(Field::Reason, "")
                help=texts.software_record_note_help()
                error=form.field_error(Field::Reason)
                maxlength=500_u32
                optional=true
            />
        }
    };
    view! {
        <PostForm form=form class="stack">
            <h2 class="h4">{texts.software_record()}</h2>
            {ends}
            {fields}
            <div class="row">
                <SubmitButton label=texts.software_record() tone=ButtonTone::Secondary busy=form.pending/>
            </div>
        </PostForm>
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use domain::view::software::{KeyState, RefundEnds};
    use domain::{Day, Language};

    use super::{PointKind, chosen, costs, distinct};

    fn key() -> KeyState {
        KeyState {
            revealed: None,
            refund: None,
            activations: None,
            why_not: None,
            own_seat: None,
            replacement: None,
        }
    }

    #[test]
    fn rule_08_a_reveal_names_the_refund_first_then_activations_then_the_record() {
        let texts = locales::texts(Language::English);
        let until = Day::new(2026, 12, 9).expect("a day");
        let refund = Some(RefundEnds { offer: "Gold membership".to_owned(), until });
        let points = costs(texts, &KeyState { refund, activations: Some(100), ..key() }, None);
        assert_eq!(points.len(), 3);
        assert_eq!(points[0].kind, PointKind::Heed);
        assert!(points[0].title.contains("Gold membership") && points[0].text.contains("9 Dec 2026"));
        assert!(points[1].title.contains("100 activations"));
        assert_eq!(points[2].title, texts.software_recorded());
        let points = costs(texts, &key(), Some(5));
        assert_eq!(points.len(), 2);
        assert!(points[0].title.contains("5 seats"));
    }

    #[test]
    fn rule_08_only_what_exists_can_be_chosen() {
        let existing = distinct(["en", "ja", "en"].into_iter());
        assert_eq!(existing, ["en", "ja"]);
        assert_eq!(chosen("ja", &existing), "ja");
        assert_eq!(chosen("zh-Hant", &existing), "en");
        assert_eq!(chosen("en", &[]), "");
    }
}

#[cfg(all(test, feature = "ssr"))]
#[allow(clippy::expect_used, clippy::panic)]
mod rendered {
    use domain::benefit::{Category, ProductKind, RowStatus, Unit};
    use domain::ids::GrantId;
    use domain::view::benefits::{BenefitRow, DetailKind, GrantDetail};
    use domain::view::form::{Done, Shown};
    use domain::view::software::{Activations, KeyDetail, KeyState, Package, RefundEnds, Revealed};
    use domain::{Day, Error, ErrorCode, Role};
    use leptos::prelude::*;

    use super::SoftwareDetail;
    use crate::forms::{Claimed, Posted};

    const KEY: &str = "ABCDE-12345-FGHIJ-67890-KLMNO";

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    fn key_detail() -> KeyDetail {
        let package = |id: &str, language: &str| Package {
            id: id.to_owned(),
            version: "2019".to_owned(),
            language: language.to_owned(),
            operating_system: "windows_x64".to_owned(),
            file_name: format!("office-{language}.iso"),
            bytes: 2_100_000_000,
        };
        KeyDetail {
            kind: ProductKind::MultipleActivationKey,
            key: Some(KeyState {
                revealed: None,
                refund: None,
                activations: Some(100),
                why_not: None,
                own_seat: None,
                replacement: None,
            }),
            own: None,
            seats: None,
            activations: Some(Activations {
                limit: Some(100),
                used: 0,
                left: Some(100),
                entries: Vec::new(),
                why_not_record: Some(ErrorCode::WrongState.into()),
            }),
            downloads: vec![package("one", "en"), package("two", "ja")],
            why_not_download: None,
            refund: None,
        }
    }

    fn revealed() -> KeyDetail {
        let mut software = key_detail();
        if let Some(key) = &mut software.key {
            let by = "Odalys Brandt-Reyes".to_owned();
            key.revealed = Some(Revealed { by, day: day("2026-11-20"), time: (9, 41) });
        }
        if let Some(activations) = &mut software.activations {
            activations.why_not_record = None;
        }
        software
    }

    fn page(software: KeyDetail, posted: Option<Result<Done, Error>>) -> String {
        let id = GrantId(uuid::Uuid::nil());
        let row = BenefitRow {
            id,
            name: "Office".to_owned(),
            summary: String::new(),
            kind: software.kind,
            source: "gold_core".to_owned(),
            source_name: None,
            unit: Unit::Activation,
            quantity: Some(100),
            used: 0,
            status: RowStatus::Ready,
            processing: None,
            activate_by: None,
            activate_by_days: None,
            expires: Some(day("2027-12-09")),
            expires_days: Some(384),
        };
        let detail = GrantDetail {
            category: Category::Software,
            row,
            version: 1,
            granted: day("2026-11-08"),
            instructions: vec!["Remove earlier versions first.".to_owned()],
            individual: None,
            kind: DetailKind::Software(Box::new(software)),
        };
        Owner::new().with(|| {
            if let Some(result) = posted {
                let (form, target) = ("reveal_key".to_owned(), id.to_string());
                provide_context(Posted {
                    form,
                    target,
                    values: Vec::new(),
                    result,
                    claimed: Claimed::default(),
                });
            }
            let detail = Signal::derive(move || detail.clone());
            view! { <SoftwareDetail detail=detail/> }.into_view().to_html()
        })
    }

    #[test]
    fn rule_08_before_the_key_the_voucher_says_what_it_costs() {
        let mut software = key_detail();
        if let Some(key) = &mut software.key {
            key.refund = Some(RefundEnds { offer: "Gold membership".to_owned(), until: day("2026-12-08") });
        }
        let html = page(software, None);
        let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text:?} in {html}"));
        assert!(at("The refund of Gold membership ends") < at("One key, 100 activations"));
        assert!(at("One key, 100 activations") < at("Your name and the time are recorded"));
        assert!(at("name=\"accept\"") < at("Get keys<"));
        assert!(!html.contains("/downloads/"), "downloads stand beside the key");
        assert!(!page(key_detail(), None).contains("name=\"accept\""), "nothing ends");
    }

    #[test]
    fn rule_08_the_key_stands_only_in_the_answer_to_the_post() {
        let key = Shown::Key { target: uuid::Uuid::nil().to_string(), key: KEY.to_owned() };
        let done = Done { shown: Some(key), ..Done::default() };
        let html = page(revealed(), Some(Ok(done)));
        assert!(
            html.contains(KEY) && html.contains("First revealed by Odalys Brandt-Reyes, 20 Nov 2026, 09:41.")
        );
        let html = page(revealed(), None);
        assert!(!html.contains(KEY) && html.contains("Show the key"));
    }

    #[test]
    fn rule_08_without_javascript_every_package_is_a_link() {
        let html = page(revealed(), None);
        for id in ["one", "two"] {
            assert!(html.contains(&format!("/downloads/{}/{id}", uuid::Uuid::nil())), "{html}");
        }
        assert!(html.contains("Japanese") && html.contains("2.1 GB"));
        let html = page(KeyDetail { downloads: Vec::new(), ..revealed() }, None);
        assert!(html.contains("Nothing to download"));
    }

    #[test]
    fn rule_06_whoever_may_not_sees_the_button_and_why() {
        let mut software = key_detail();
        if let Some(key) = &mut software.key {
            let colleagues = vec!["Maren Tolvik".to_owned()];
            let roles = vec![Role::GlobalAdmin];
            key.why_not = Some(Error { roles, colleagues, ..Error::new(ErrorCode::RoleNeeded) });
        }
        let html = page(software, None);
        assert!(
            html.contains("aria-disabled=\"true\"") && html.contains("Maren Tolvik can do it."),
            "{html}"
        );
    }

    #[test]
    fn a_refused_post_says_what_is_missing_beside_the_tick() {
        let mut software = key_detail();
        if let Some(key) = &mut software.key {
            key.refund = Some(RefundEnds { offer: "Gold membership".to_owned(), until: day("2026-12-08") });
        }
        let html =
            page(software, Some(Err(Error::field(domain::Field::Accept, ErrorCode::ConsequenceNotAccepted))));
        assert!(html.contains("aria-invalid=\"true\"") && html.contains("role=\"alert\""), "{html}");
    }
}
