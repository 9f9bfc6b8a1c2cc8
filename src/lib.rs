//! lacsim plays thousands of possible futures of every looked-after child of
//! an English council, one child at a time, and says how likely the council is
//! to reach its targets and what it would cost.
//!
//! # The path of data
//!
//! ```text
//! TOML text -> Config -> Model -> Tally per replicate -> Forecast -> Parquet
//!             checked   tables    child-days, pence      bands       files
//! ```
//!
//! Each room below uses those before it and none after it.
//!
//! | room | what it holds |
//! |---|---|
//! | [`units`], [`calendar`] | days, years, pence; month ends, financial years, segments |
//! | [`wide`] | the widest vectors that the processor has |
//! | [`luck`] | random numbers as a pure function of seed, replicate, person and purpose |
//! | [`margins`] | whole children from published margins |
//! | [`config`] | the scenario language: one file for each TOML table |
//! | [`ssda903`] | a statutory return as sent, rebuilt into periods of care |
//! | [`model`] | a scenario ready to draw: clocks, entries, stages, prices |
//! | [`engine`] | one replicate: arrivals, lives, queues, tally; and all of them at once |
//! | [`forecast`] | bands, targets, savings, where the uncertainty comes from |
//! | [`attribution`] | which workstream carries the saving |
//! | [`output`] | Parquet files, the manifest, the run's folder, a run read back, what is withheld, comparing two |
//! | [`run`], [`audit`], [`trace`], [`story`], [`summary`], [`inspect`] | what each command does and says |
//! | [`calibrate`] | a scenario of the council's own, estimated from its return |
//! | [`backtest`] | forecasts from past dates beside what happened |
//! | [`synthesise`] | a statutory return of children who never lived, from one future |
//! | [`solve`] | what it would take: a search over levers under the same futures |
//! | [`sensitivity`] | what drives the uncertainty of a figure of a finished run |
//! | [`report`] | a finished run as one HTML file: the page and its charts |
//! | [`cli`], [`commands`] | the command line |
//!
//! # Glossary
//!
//! - **Looked-after child (LAC)**: a child in the care of a council. In care on
//!   a date means in care that night.
//! - **Referral**: a family brought to the council's notice. **Stream**: a
//!   source of referrals, such as unaccompanied asylum seekers.
//! - **Panel**: the threshold-of-care panel; it admits, defers or diverts a
//!   family to edge-of-care support.
//! - **Admission**: a child enters care. **Readmission**: not for the first
//!   time. **Stay**: from an entry to the next exit.
//! - **Legal status**: interim or full care order, placement order, section 20
//!   and so on. **Placement**: where the child lives.
//! - **Exit**: a stay ends, for one reason. **Ageing out**: on the eighteenth
//!   birthday.
//! - **Clock**: anything that ends or changes a stay at a random time: an
//!   ordinary exit, a move, identification for a pathway. **Left truncation**:
//!   a clock that has run for a while is conditioned on not having rung.
//! - **Pathway**: a permanence plan as a list of **stages**, such as special
//!   guardianship, reunification, discharge of a care order, adoption.
//! - **Plan for adoption**: from a placement order to the adoption, by a match
//!   with adopters and the placement with them; **reversed** where the order
//!   ends otherwise.
//! - **Pool**: units of a scarce **resource** that stages hold, or slots that
//!   they use up. **Beds**: the same for placements, with an **overflow**.
//! - **Allowance**: a weekly payment after an exit. **Fee**: a one-off cost.
//!   **Programme**: a cost that runs whatever the children do.
//! - **Workstream**: a line of the action plan; it changes numbers of the model
//!   from a date on, if it is delivered. **Lever**: a number that one changes.
//! - **Drift**: rates that wander from year to year.
//! - **Replicate**, or future: one play of the whole. **Scenario**: the model
//!   with some numbers set otherwise. **Comparison**: the scenario that savings
//!   are measured against.
//! - **Parameter**: an uncertain quantity, drawn once per replicate. The rest
//!   of the spread is chance.
//! - **Origin**: the last day of what a forecast may know. **Hindcast**: a
//!   forecast from a past origin beside what happened.
//! - **Band**: percentiles across replicates. **Target**: a promise by a date.

pub mod attribution;
pub mod audit;
pub mod backtest;
pub mod calendar;
pub mod calibrate;
pub mod cli;
pub mod cohort_file;
pub mod commands;
pub mod config;
pub mod engine;
pub mod forecast;
pub mod inspect;
pub mod luck;
pub mod margins;
pub mod model;
pub mod output;
pub mod report;
pub mod run;
pub mod sensitivity;
pub mod solve;
pub mod ssda903;
pub mod story;
pub mod summary;
pub mod synthesise;
pub mod trace;
pub mod units;
pub mod wide;
