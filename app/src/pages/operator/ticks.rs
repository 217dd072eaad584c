//! What is ticked in the queue, whether the list shows it or not.

use domain::Field;
use domain::ids::ServiceRequestId;
use domain::view::operator::{QueuePage, QueueQuery, Ticked};
use leptos::prelude::*;

use super::bulk::FORM;
use crate::forms::Posted;

/// The ticked requests. A row that another filter or page hides stays ticked.
#[derive(Clone, Copy)]
pub(super) struct Ticks(RwSignal<Vec<Ticked>>);

impl Ticks {
    /// As the post that was refused had them, else as the address has them.
    pub(super) fn new(query: &QueueQuery) -> Self {
        let refused = use_context::<Posted>().filter(|posted| posted.form == FORM && posted.result.is_err());
        let ticked = match refused {
            Some(posted) => posted
                .values
                .iter()
                .filter(|(name, _)| name == Field::Requests.code())
                .filter_map(|(_, value)| Ticked::from_code(value))
                .collect(),
            None => query.ticked.clone(),
        };
        Self(RwSignal::new(ticked))
    }

    /// Whether this very row is ticked: one that has changed since isn't.
    pub(super) fn has(self, ticked: Ticked) -> bool {
        self.0.with(|all| all.contains(&ticked))
    }

    /// Ticks a row, or takes the tick off.
    pub(super) fn set(self, ticked: Ticked, on: bool) {
        self.0.update(|all| {
            all.retain(|one| one.request != ticked.request);
            if on {
                all.push(ticked);
            }
        });
    }

    /// Takes all ticks off.
    pub(super) fn clear(self) {
        self.0.set(Vec::new());
    }

    /// As an address has them; empty where there are none.
    pub(super) fn code(self) -> String {
        self.0.with(|all| Ticked::list(all))
    }

    /// Those that stand in no row of the page.
    pub(super) fn elsewhere(self, page: Signal<QueuePage>) -> Memo<Vec<Ticked>> {
        Memo::new(move |_| {
            let shown: Vec<ServiceRequestId> = page.with(|page| {
                let open = page.item.as_ref().map(|item| item.row.id);
                page.rows.iter().map(|row| row.id).chain(open).collect()
            });
            self.0.with(|all| all.iter().filter(|one| !shown.contains(&one.request)).copied().collect())
        })
    }

    /// Takes the ticks off those that stand in no row of the page.
    pub(super) fn forget(self, elsewhere: &[Ticked]) {
        self.0.update(|all| all.retain(|one| !elsewhere.contains(one)));
    }
}
