//! Parses the command line, calls the library, prints the error.

use clap::Parser;
use lacsim::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    lacsim::commands::obey(Cli::parse())
}
