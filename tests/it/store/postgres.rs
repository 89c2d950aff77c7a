//! A PostgreSQL server of one's own, from Debian's package, for as long as a test runs.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const INSTALL: &str = "PostgreSQL is not installed: `apt-get install postgresql`, or leave its tests out with DINETONE_TEST_PG=off";

/// The running server: stopped and removed when dropped.
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    databases: Cell<u32>,
}

impl Server {
    /// `None` when PostgreSQL is left out on purpose.
    ///
    /// # Panics
    /// When it is not installed or does not start, with what to do.
    pub fn start() -> Option<Self> {
        if std::env::var("DINETONE_TEST_PG").is_ok_and(|value| value == "off") {
            return None;
        }
        let programs = programs().expect(INSTALL);
        // The server refuses to run as root, and its folder must be its own.
        let folder = said(&as_anybody("mktemp", &["-d", "--tmpdir", "dinetone-pg-XXXXXX"]));
        let server = Self { programs, folder: PathBuf::from(folder.trim()), databases: Cell::new(0) };
        let data = server.data();
        server.call("initdb", &["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale", "C", "-N", "-D", &data]);
        // No address on the network: a socket in the folder, so that no port can be taken. Kept on disk as in real life.
        let options = format!("-c listen_addresses='' -c unix_socket_directories='{}' -c max_connections=200", server.folder.display());
        let log = server.folder.join("log").display().to_string();
        server.call("pg_ctl", &["-D", &data, "-w", "-t", "60", "-l", &log, "-o", &options, "start"]);
        Some(server)
    }

    /// The URL of a database that nobody has used.
    pub fn fresh(&self) -> String {
        let number = self.databases.get() + 1;
        self.databases.set(number);
        let socket = self.folder.display().to_string();
        self.call("createdb", &["-h", &socket, "-U", "postgres", &format!("house{number}")]);
        format!("postgres:///house{number}?host={socket}&user=postgres")
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn call(&self, program: &str, args: &[&str]) {
        let program = self.programs.join(program).display().to_string();
        said(&as_anybody(&program, args));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let program = self.programs.join("pg_ctl").display().to_string();
        let _ = as_anybody_command(&program, &["-D", &self.data(), "-m", "immediate", "-w", "stop"]).output();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Where `initdb` is: on the path, or in one of Debian's folders, the newest first.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file() && folder.join("createdb").is_file();
    let mut debian: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin")).collect();
    debian.sort();
    std::env::split_paths(&path).find(has).or_else(|| debian.into_iter().rev().find(has))
}

/// A command as an ordinary user: as `postgres` when we are root.
fn as_anybody_command(program: &str, args: &[&str]) -> Command {
    let root = std::fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    let mut command = if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", program]);
        command
    } else {
        Command::new(program)
    };
    command.args(args).current_dir(Path::new("/")).stdin(Stdio::null());
    command
}

struct Outcome {
    what: String,
    output: std::process::Output,
}

fn as_anybody(program: &str, args: &[&str]) -> Outcome {
    let output = if program.ends_with("pg_ctl") {
        // The server would inherit our pipe and keep it open for as long as it runs.
        let status = as_anybody_command(program, args).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.map(|status| std::process::Output { status, stdout: Vec::new(), stderr: Vec::new() })
    } else {
        as_anybody_command(program, args).output()
    };
    Outcome { what: format!("{program} {}", args.join(" ")), output: output.expect(INSTALL) }
}

fn said(outcome: &Outcome) -> String {
    let Outcome { what, output } = outcome;
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
