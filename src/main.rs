//! The program: reads the command line and hands over.

use std::process::ExitCode;

/// What one thread takes, another gives back: of 250 µs for a short call the system's allocator took 40.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dinetone::cli::main()
}
