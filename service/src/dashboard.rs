//! The dashboard, the frame around every page, one's own benefits, notices.

pub mod attention;
pub mod frame;
pub mod notices;
pub mod own_benefits;
