//! lacsim
pub mod audit;
pub mod calendar;
pub mod cli;
pub mod cohort_file;
pub mod commands;
pub mod config;
pub mod engine;
pub mod forecast;
pub mod luck;
pub mod margins;
pub mod model;
pub mod output;
pub mod run;
pub mod story;
pub mod summary;
pub mod trace;
pub mod units;
