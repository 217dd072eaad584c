//! Pages, components and server functions, shared by browser and server.

#![recursion_limit = "256"]

pub mod components;
pub mod document;
pub mod forms;
pub mod frame;
pub mod i18n;
pub mod live;
pub mod load;
pub mod loaded;
pub mod pages;
pub mod refusal;
pub mod routes;
pub mod server_fns;
pub mod site;
pub mod words;

pub use document::document;
pub use routes::App;
