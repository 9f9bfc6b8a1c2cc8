//! x
pub mod tiles;
