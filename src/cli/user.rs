//! `dinetone user`: who may sign in; works beside a running server, and at once.

use clap::{Args, Subcommand};

use super::{Failure, Settings, audit, kept_store, output};
use crate::domain::{BranchNumber, Language, QueueId, Role, Skill, Timestamp, User};
use crate::server::clock;
use crate::server::storage::open_store;
use crate::store::{NewUser, Store, StoreError, UserChange, is_login};
use crate::web::secret;
use crate::web::users::UserOut;

/// Add, list, disable people who sign in, or give them a new password. A running server follows at once.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dinetone user add lina --name 李娜 --number 8001 --role agent --queues order,complaint --skills zh:80,en:30\n  dinetone user reset admin       prints a new password\n  dinetone user list\n  dinetone user disable lina      signs her out at once"
)]
pub struct UserArgs {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make a person; the password is made up and printed, and must be changed at the first sign-in.
    Add(Add),
    /// Give a person a new password, made up and printed; all their sessions end.
    Reset {
        login: String,
        /// This password instead of one that is made up; anybody who sees the command line sees it.
        #[arg(long)]
        password: Option<String>,
        /// The password need not be changed.
        #[arg(long)]
        keep: bool,
    },
    /// Everybody.
    List {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Lock a person out, at once.
    Disable { login: String },
    /// Let a person in again.
    Enable { login: String },
}

#[derive(Debug, Args)]
struct Add {
    /// What they sign in with: 2 to 40 of a–z, 0–9, . - _
    login: String,
    /// What colleagues see.
    #[arg(long)]
    name: Option<String>,
    /// What colleagues dial.
    #[arg(long, default_value = "")]
    number: String,
    /// agent, dispatcher, branch, supervisor, manager, administrator
    #[arg(long, default_value = "agent")]
    role: String,
    /// Queues that they serve, with commas.
    #[arg(long, value_delimiter = ',')]
    queues: Vec<String>,
    /// Such as zh:80,en:30
    #[arg(long, default_value = "")]
    skills: String,
    /// Account of their desk phone.
    #[arg(long)]
    account: Option<String>,
    /// What the desk phone registers with.
    #[arg(long, requires = "account")]
    phone_password: Option<String>,
    /// zh-CN or en
    #[arg(long, default_value = "zh-CN")]
    language: String,
    /// For people of one branch.
    #[arg(long)]
    branch: Option<u16>,
    /// This password instead of one that is made up; anybody who sees the command line sees it.
    #[arg(long)]
    password: Option<String>,
    /// The password need not be changed.
    #[arg(long)]
    keep: bool,
}

pub(super) async fn run(args: UserArgs) -> Result<(), Failure> {
    let config = args.settings.read()?;
    // Only somebody new may be the first thing in a store.
    let store = match &args.command {
        UserCommand::Add(_) => open_store(&config).await.map_err(|finding| finding.to_string())?,
        _ => kept_store(&config).await?,
    };
    let now = Timestamp::from(clock::now().wall);
    match args.command {
        UserCommand::Add(add) => add_user(&store, add, &config.sip.realm, now).await?,
        UserCommand::List { json } => list(&store, json).await?,
        UserCommand::Reset { login, password, keep } => {
            let user = find(&store, &login).await?;
            let made_up = password.is_none();
            let password = password.unwrap_or_else(secret::password);
            store.set_password(&user.id, &password, !keep, None, now).await.map_err(told)?;
            audit(&store, "user.password_reset", &format!("user:{}", user.login), "").await;
            tell_password(&user.login, &password, made_up);
        }
        UserCommand::Disable { login } => {
            switch(&store, &login, true, now).await?;
            output::line(&format!("{login} is disabled and signed out"));
        }
        UserCommand::Enable { login } => {
            switch(&store, &login, false, now).await?;
            output::line(&format!("{login} may sign in"));
        }
    }
    store.close().await;
    Ok(())
}

async fn add_user(store: &Store, add: Add, realm: &str, now: Timestamp) -> Result<(), Failure> {
    let login = add.login.to_lowercase();
    if !is_login(&login) {
        return Err(format!("{:?} cannot be signed in with; write 2 to 40 of a–z, 0–9, . - _", add.login).into());
    }
    let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
    let user = NewUser {
        name: add.name.unwrap_or_else(|| login.clone()),
        number: add.number,
        role: Some(Role::parse(&add.role).ok_or_else(|| format!("there is no role {:?}; known: {}", add.role, names.join(", ")))?),
        queues: add.queues.into_iter().filter(|queue| !queue.is_empty()).map(QueueId::new).collect(),
        skills: Skill::parse_list(&add.skills).ok_or("skills are written zh:80,en:30, each from 0 to 100")?,
        account: add.account,
        language: Language::from_tag(&add.language).ok_or("the language is zh-CN or en")?,
        branch: add.branch.map(|branch| BranchNumber::new(branch).ok_or("there is no such branch")).transpose()?,
        must_change_password: !add.keep,
        login,
    };
    let made_up = add.password.is_none();
    let password = add.password.unwrap_or_else(secret::password);
    let user = store.add_user(&user, &password, now).await.map_err(told)?;
    if let Some(phone) = add.phone_password {
        store.set_phone_password(&user.id, realm, &phone).await.map_err(told)?;
    }
    audit(store, "user.added", &format!("user:{}", user.login), "").await;
    output::line(&format!("{} ({}) was added as {}", user.login, user.name, user.role.name()));
    tell_password(&user.login, &password, made_up);
    Ok(())
}

fn tell_password(login: &str, password: &str, made_up: bool) {
    if made_up {
        output::line(&format!("{login} signs in with the password {password}; it is shown this once"));
    } else {
        output::line(&format!("{login} signs in with that password"));
    }
}

async fn switch(store: &Store, login: &str, disabled: bool, now: Timestamp) -> Result<(), Failure> {
    let user = find(store, login).await?;
    let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
    store.change_user(&user.id, &change, now).await.map_err(told)?;
    audit(store, if disabled { "user.disabled" } else { "user.enabled" }, &format!("user:{}", user.login), "").await;
    Ok(())
}

async fn list(store: &Store, json: bool) -> Result<(), Failure> {
    let users = store.users().await.map_err(told)?;
    if json {
        return Ok(output::json(&users.iter().map(UserOut::of).collect::<Vec<_>>())?);
    }
    let rows: Vec<Vec<String>> = users
        .iter()
        .map(|user| {
            let queues = user.queues.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let state = match (user.disabled, user.must_change_password) {
                (true, _) => "disabled",
                (false, true) => "must change password",
                (false, false) => "",
            };
            let cells = [&user.login, &user.number, &user.name, user.role.name(), &queues, &Skill::write_list(&user.skills), state];
            cells.map(str::to_owned).to_vec()
        })
        .collect();
    output::table(&["LOGIN", "NUMBER", "NAME", "ROLE", "QUEUES", "SKILLS", "STATE"], &rows);
    Ok(())
}

async fn find(store: &Store, login: &str) -> Result<User, Failure> {
    let user = store.user_by_login(&login.to_lowercase()).await.map_err(told)?;
    user.ok_or_else(|| format!("nobody signs in as {login}; see dinetone user list").into())
}

fn told(error: StoreError) -> Failure {
    match error {
        StoreError::Conflict => "this login, number or phone account belongs to somebody else; see dinetone user list".into(),
        other => other.to_string().into(),
    }
}
