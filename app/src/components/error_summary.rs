use leptos::html;
use leptos::prelude::*;

use super::icon::{Icon, IconName};

/// What is wrong with a form, on top of it, with a link to each field. The focus goes here.
#[component]
pub fn ErrorSummary(
    /// What is wrong as a whole.
    #[prop(into)]
    message: String,
    /// Id of each field and what is wrong with it; without an id it is about no field of the form.
    #[prop(optional)]
    faults: Vec<(String, String)>,
) -> impl IntoView {
    let summary = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(summary) = summary.get() {
            // A summary that can't be focused any more is gone.
            let _ = summary.focus();
        }
    });
    let links: Vec<_> = faults
        .into_iter()
        .map(|(id, text)| match id.is_empty() {
            true => view! { <li>{text}</li> }.into_any(),
            false => view! { <li><a href=format!("#{id}")>{text}</a></li> }.into_any(),
        })
        .collect();
    view! {
        <div class="notice stop errors" role="alert" tabindex="-1" autofocus node_ref=summary>
            <Icon name=IconName::Warn/>
            <p><b>{message}</b></p>
            {(!links.is_empty()).then(|| view! { <ul class="plain">{links}</ul> })}
        </div>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use leptos::prelude::*;

    use super::ErrorSummary;

    #[test]
    fn each_fault_links_to_its_field() {
        let faults = vec![("contact-email".to_owned(), "This field is empty. <Fill> it in.".to_owned())];
        let html = Owner::new().with(|| {
            view! { <ErrorSummary message="Correct these fields." faults=faults/> }.into_view().to_html()
        });
        assert!(html.contains("role=\"alert\"") && html.contains("tabindex=\"-1\""), "{html}");
        assert!(html.contains("href=\"#contact-email\"") && html.contains("&lt;Fill&gt;"), "{html}");
    }
}
