//! A server under measurement: started fresh, tied to one core, watched from outside, killed at the end.

use std::fs;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::load::{clock, first_answer};

/// How servers are started.
#[derive(Debug, Clone)]
pub struct Stand {
    pub binary: PathBuf,
    pub config: PathBuf,
    pub menus: PathBuf,
    /// Stores and logs of the runs.
    pub folder: PathBuf,
    /// The core that the server is tied to; the generator has the others.
    pub core: Option<usize>,
}

/// One running server; dropping it kills it.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub store: PathBuf,
    pub first_answer: Duration,
}

impl Stand {
    /// A command on the server's core that ends with us, however we end.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some(core) = self.core {
            command.args(["taskset", "-c", &core.to_string()]);
        }
        command.arg(program);
        command
    }

    /// Starts a server with an empty store and waits for its first answered call.
    pub fn start(&self, name: &str) -> io::Result<Server> {
        let folder = self.folder.join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        self.start_in(&folder)
    }

    /// Starts a server on the store that is there.
    pub fn start_in(&self, folder: &Path) -> io::Result<Server> {
        self.start_with(folder, &[])
    }

    /// The same, with settings of its own.
    pub fn start_with(&self, folder: &Path, settings: &[(&str, String)]) -> io::Result<Server> {
        let address = free_address()?;
        let store = folder.join("dinetone.db");
        let mut command = self.command(&self.binary);
        command
            .arg("serve")
            .arg("--config")
            .arg(&self.config)
            .arg("--menus")
            .arg(&self.menus)
            .env("DINETONE__SIP__LISTEN", address.to_string())
            .env("DINETONE__WEB__LISTEN", "127.0.0.1:0")
            .env("DINETONE__DATA__DIR", folder)
            .env("DINETONE__STORE__URL", format!("sqlite:{}", store.display()))
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(fs::File::create(folder.join("stdout"))?)
            .stderr(fs::File::create(folder.join("stderr"))?);
        let started = clock();
        let child = command.spawn()?;
        let mut server = Server { child, address, store, first_answer: Duration::ZERO };
        match first_answer(address, started, Duration::from_secs(20))? {
            Some(took) => server.first_answer = took,
            None => {
                let said = fs::read_to_string(folder.join("stderr")).unwrap_or_default();
                return Err(io::Error::other(format!("the server answered no call within 20 s\n{said}")));
            }
        }
        Ok(server)
    }
}

impl Server {
    /// Processor time of all its threads so far.
    pub fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let nanos: u64 = tasks
            .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok())
            .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
            .sum();
        Duration::from_nanos(nanos)
    }

    /// The same with that of threads that have ended, in the kernel's hundredths of a second.
    pub fn cpu_of_all(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // After the name in brackets: user and system time are the 12th and the 13th word (proc_pid_stat(5)).
        let words = stat.rsplit(") ").next().unwrap_or("").split_whitespace().skip(11).take(2);
        Duration::from_millis(words.filter_map(|word| word.parse::<u64>().ok()).sum::<u64>() * 10)
    }

    /// Processor time by thread name, to see where it goes.
    pub fn cpu_by_thread(&self) -> Vec<(String, Duration)> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let mut threads: Vec<(String, Duration)> = Vec::new();
        for task in tasks {
            let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default().trim().to_owned();
            let nanos = fs::read_to_string(task.path().join("schedstat"))
                .ok()
                .and_then(|text| text.split_whitespace().next()?.parse().ok())
                .unwrap_or(0);
            match threads.iter_mut().find(|(known, _)| *known == name) {
                Some((_, time)) => *time += Duration::from_nanos(nanos),
                None => threads.push((name, Duration::from_nanos(nanos))),
            }
        }
        threads.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        threads
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("");
        line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// Waits until the store holds `wanted` finished calls, or the time is over: how many there are.
    pub fn records(&self, wanted: u64, most: Duration) -> io::Result<u64> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let start = clock();
        runtime.block_on(async {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&self.store).read_only(true);
            let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(io::Error::other)?;
            loop {
                let count: i64 = sqlx::query_scalar("select count(*) from calls where ended_at is not null")
                    .fetch_one(&pool)
                    .await
                    .map_err(io::Error::other)?;
                if count as u64 >= wanted || start.elapsed() >= most {
                    pool.close().await;
                    return Ok(count as u64);
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> io::Result<SocketAddr> {
    UdpSocket::bind("127.0.0.1:0")?.local_addr()
}
