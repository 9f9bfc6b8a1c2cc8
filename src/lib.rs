//! lacsim
pub mod calendar;
pub mod config;
pub mod engine;
pub mod luck;
pub mod model;
pub mod units;
