//! Parses the command line, calls the library, prints the error.

use clap::Parser;
use lacsim::cli::Cli;
use std::process::ExitCode;

// A run fills tens of megabytes from every thread, and a workbook is made of a
// hundred thousand small pieces. mimalloc has large pages where the system
// gives them: a twentieth to an eighth of a run's processor time against the
// allocator of glibc, which takes 4 kB at a time.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    lacsim::commands::obey(Cli::parse())
}
