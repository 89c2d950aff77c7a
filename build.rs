//! Builds the console's pages into `console/dist`, which the program carries inside.

use std::path::Path;
use std::process::{Command, exit};

fn main() {
    for path in ["src", "public", "package-lock.json", "vite.config.ts", "tsconfig.json"] {
        println!("cargo:rerun-if-changed=console/{path}");
    }
    println!("cargo:rerun-if-env-changed=DINETONE_SKIP_CONSOLE");
    let console = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("console");
    let pages = std::fs::read_dir(&console).into_iter().flatten().flatten().map(|page| page.path());
    for page in pages.filter(|page| page.extension().is_some_and(|extension| extension == "html")) {
        println!("cargo:rerun-if-changed={}", page.display());
    }
    if let Err(error) = std::fs::create_dir_all(console.join("dist")) {
        fail(&format!("console/dist cannot be made: {error}"));
    }
    if std::env::var_os("DINETONE_SKIP_CONSOLE").is_some_and(|skip| skip == "1") {
        return;
    }
    if !console.join("node_modules/.package-lock.json").exists() {
        run(&console, &["ci", "--no-audit", "--no-fund"]);
    }
    run(&console, &["run", "-s", "build"]);
}

fn run(console: &Path, args: &[&str]) {
    match Command::new("npm").args(args).current_dir(console).status() {
        Ok(status) if status.success() => {}
        Ok(status) => fail(&format!("npm {} ended with {status}", args.join(" "))),
        Err(error) => fail(&format!("npm cannot be run: {error}")),
    }
}

fn fail(what: &str) -> ! {
    println!("cargo:warning={what}; the console needs Node 20, or set DINETONE_SKIP_CONSOLE=1 to build without it");
    exit(1);
}
