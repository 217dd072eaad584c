//! Live updates: the server says that something changed, the page reads its data again.

use crate::load::Reload;

/// Listens for as long as the page is open; the browser connects again by itself.
#[cfg(feature = "hydrate")]
pub fn listen(reload: Reload) {
    use std::time::Duration;

    use futures::{StreamExt, stream};
    use gloo_net::eventsource::futures::EventSource;
    use leptos::prelude::*;

    let waiting = StoredValue::new(false);
    Effect::new(move |_| {
        leptos::task::spawn_local(async move {
            let Ok(mut source) = EventSource::new("/live") else { return };
            let (Ok(messages), Ok(opened)) = (source.subscribe("message"), source.subscribe("open")) else {
                return;
            };
            // What changed while the connection was away is read when it is back.
            let mut events = stream::select(messages, opened.skip(1));
            while let Some(event) = events.next().await {
                // Several changes in a row are one reason to read again.
                if event.is_err() || waiting.try_get_value() != Some(false) {
                    continue;
                }
                waiting.set_value(true);
                set_timeout(
                    move || {
                        waiting.set_value(false);
                        reload.now();
                    },
                    Duration::from_millis(150),
                );
            }
        });
    });
}

/// Without a browser there is nothing to listen with.
#[cfg(not(feature = "hydrate"))]
pub const fn listen(_reload: Reload) {}
