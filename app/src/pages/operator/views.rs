//! Saved views of the queue, above the table.

use domain::Field;
use domain::view::operator::{QueuePage, QueueQuery, SavedView};
use leptos::prelude::*;

use super::queue::kept;
use crate::components::{ButtonTone, Icon, IconName, SubmitButton, TextField, Tick};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;

/// The views, each with the address that it stands for, and the form that saves the present one.
#[component]
pub(super) fn Views(query: Memo<QueueQuery>, page: Signal<QueuePage>) -> impl IntoView {
    let texts = texts();
    let views = Memo::new(move |_| page.with(|page| page.views.clone()));
    let form = Form::new("save_queue_view", "");
    let now = Memo::new(move |_| query.with(kept));
    view! {
        <section class="stack" aria-label=texts.queue_views()>
            <Show when=move || !views.with(Vec::is_empty)>
                <ul class="chips">
                    <For each=move || views.get() key=|view| (view.id, view.name.clone(), view.query.clone(), view.shared) let:saved>
                        <View saved=saved now=now/>
                    </For>
                </ul>
            </Show>
            <details class="disclose" open=form.refused()>
                <summary class="button">{texts.queue_view_save_open()}</summary>
                <PostForm form=form class="stack">
                    <input type="hidden" name="query" value=move || now.get()/>
                    {move || {
                        // What was saved doesn't stay in the field.
                        form.done.track();
                        view! {
                            <TextField
                                id=form.id(Field::Name)
                                name=Field::Name.code()
                                label=texts.queue_view_name()
                                value=form.value(Field::Name, "")
                                help=texts.queue_view_name_help()
                                error=form.field_error(Field::Name)
                                maxlength=60_u32
                                required=true
                            />
                        }
                    }}
                    <Tick id="view-shared" name="shared" label=texts.queue_view_shared()/>
                    <div class="row">
                        <SubmitButton
                            label=texts.queue_view_save()
                            tone=ButtonTone::Secondary
                            busy=form.pending
                        />
                    </div>
                </PostForm>
            </details>
        </section>
    }
}

#[component]
fn View(saved: SavedView, now: Memo<String>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("remove_queue_view", saved.id);
    let href = format!("/operator/queue?{}", saved.query);
    let query = saved.query;
    let current = move || (now.get() == query).then_some("true");
    let whose = match (&saved.by, saved.shared) {
        (Some(name), _) => Some(texts.queue_view_of(name)),
        (None, true) => Some(texts.queue_view_is_shared().to_owned()),
        (None, false) => None,
    };
    let mine = saved.by.is_none();
    let name = saved.name;
    view! {
        <li class="chip">
            <a href=href aria-current=current>{name.clone()}</a>
            {whose.map(|whose| view! { <span class="muted small">{whose}</span> })}
            {mine
                .then(|| {
                    view! {
                        <PostForm form=form>
                            <button
                                type="submit"
                                class="bare"
                                aria-label=texts.queue_view_remove(&name)
                                aria-busy=move || form.pending.get().then_some("true")
                            >
                                <Icon name=IconName::Cross/>
                            </button>
                        </PostForm>
                    }
                })}
        </li>
    }
}
