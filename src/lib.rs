//! lacsim
pub mod calendar;
pub mod config;
pub mod engine;
pub mod forecast;
pub mod luck;
pub mod margins;
pub mod model;
pub mod output;
pub mod units;
