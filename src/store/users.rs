//! People who sign in, and how they prove it: passwords by argon2, desk phones by H(A1).

use md5::{Digest, Md5};
use sha2::Sha256;
use sqlx::AssertSqlSafe;

use super::db::{Durability, Row, broken, vals};
use super::pin::{hashed_with, hex, matches};
use super::{Store, StoreError, new_id};
use crate::domain::{BranchNumber, Language, QueueId, Role, Skill, Timestamp, User, UserId};

/// 19 MiB and two rounds: what OWASP asks for; some tens of milliseconds of one core.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// Raised by every change that must reach people who are signed in.
const REVISION: &str = "users";

/// A person to be made.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// 2 to 40 letters, digits, `.`, `-`, `_`; kept in lower case.
    pub login: String,
    pub name: String,
    pub number: String,
    pub role: Option<Role>,
    pub queues: Vec<QueueId>,
    pub skills: Vec<Skill>,
    pub account: Option<String>,
    pub language: Language,
    pub branch: Option<BranchNumber>,
    pub must_change_password: bool,
}

/// What is to be different about a person; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    pub name: Option<String>,
    pub number: Option<String>,
    pub role: Option<Role>,
    pub queues: Option<Vec<QueueId>>,
    pub skills: Option<Vec<Skill>>,
    pub account: Option<Option<String>>,
    pub language: Option<Language>,
    pub branch: Option<Option<BranchNumber>>,
    pub disabled: Option<bool>,
}

/// What proves a desk phone's password.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneSecret {
    pub account: String,
    pub user: UserId,
    pub ha1_md5: String,
    pub ha1_sha256: String,
}

impl std::fmt::Debug for PhoneSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PhoneSecret({}, ***)", self.account)
    }
}

/// Whether a name can be signed in with.
#[must_use]
pub fn is_login(login: &str) -> bool {
    (2..=40).contains(&login.len())
        && login.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'))
}

const COLUMNS: &str = "id, login, name, number, role, queues, skills, account, language, branch, disabled, must_change";

impl Store {
    /// Makes a person who signs in with this password.
    ///
    /// # Errors
    /// `Conflict` when the login, number or phone account is taken.
    pub async fn add_user(&self, user: &NewUser, password: &str, now: Timestamp) -> Result<User, StoreError> {
        let hash = password_hash(password).await?;
        self.put_user(user, &hash, now).await
    }

    async fn put_user(&self, user: &NewUser, hash: &str, now: Timestamp) -> Result<User, StoreError> {
        const SQL: &str = "insert into users (id, login, name, number, role, queues, skills, account, language, branch, password_hash, \
            must_change, disabled, created_at, changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $13)";
        let user = User {
            id: UserId::new(new_id(now)),
            login: user.login.clone(),
            name: user.name.clone(),
            number: user.number.clone(),
            role: user.role.unwrap_or(Role::Agent),
            queues: user.queues.clone(),
            skills: user.skills.clone(),
            account: user.account.clone(),
            language: user.language,
            branch: user.branch,
            disabled: false,
            must_change_password: user.must_change_password,
        };
        let args = vals![
            user.id.as_str(),
            &user.login,
            &user.name,
            &user.number,
            user.role.name(),
            write_queues(&user.queues),
            Skill::write_list(&user.skills),
            user.account.clone(),
            user.language.tag(),
            user.branch.map(|branch| i64::from(branch.get())),
            hash,
            user.must_change_password,
            now.as_millis(),
        ];
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(SQL, args).await?;
        tx.count(REVISION, 1).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Changes a person. Another role or a disabled account ends their sessions. `None` when there is no such person.
    ///
    /// # Errors
    /// `Conflict` when the number or phone account is taken.
    pub async fn change_user(&self, id: &UserId, change: &UserChange, now: Timestamp) -> Result<Option<User>, StoreError> {
        const SQL: &str = "update users set name = $2, number = $3, role = $4, queues = $5, skills = $6, account = $7, language = $8, \
            branch = $9, disabled = $10, changed_at = $11 where id = $1";
        let mut tx = self.pool.begin(Durability::Full).await?;
        // The write comes first, so that two changes at once meet here.
        tx.count(REVISION, 1).await?;
        let sql = format!("select {COLUMNS} from users where id = $1");
        let Some(row) = tx.row(AssertSqlSafe(sql), vals![id.as_str()]).await? else {
            tx.undo().await?;
            return Ok(None);
        };
        let before = read_user(&row)?;
        let mut user = before.clone();
        let UserChange { name, number, role, queues, skills, account, language, branch, disabled } = change.clone();
        user.name = name.unwrap_or(user.name);
        user.number = number.unwrap_or(user.number);
        user.role = role.unwrap_or(user.role);
        user.queues = queues.unwrap_or(user.queues);
        user.skills = skills.unwrap_or(user.skills);
        user.account = account.unwrap_or(user.account);
        user.language = language.unwrap_or(user.language);
        user.branch = branch.unwrap_or(user.branch);
        user.disabled = disabled.unwrap_or(user.disabled);
        let args = vals![
            id.as_str(),
            &user.name,
            &user.number,
            user.role.name(),
            write_queues(&user.queues),
            Skill::write_list(&user.skills),
            user.account.clone(),
            user.language.tag(),
            user.branch.map(|branch| i64::from(branch.get())),
            user.disabled,
            now.as_millis(),
        ];
        tx.exec(SQL, args).await?;
        if user.account != before.account {
            // H(A1) holds the account's name: another account needs its password anew.
            tx.exec("update users set ha1_md5 = null, ha1_sha256 = null where id = $1", vals![id.as_str()]).await?;
        }
        if user.role != before.role || user.disabled {
            tx.exec("delete from sessions where user_id = $1", vals![id.as_str()]).await?;
        }
        tx.commit().await?;
        Ok(Some(user))
    }

    /// Sets a password. All sessions of the person end but `keep` (its hash), the one in which they did it.
    ///
    /// # Errors
    /// `Conflict` when there is no such person.
    pub async fn set_password(
        &self,
        id: &UserId,
        password: &str,
        must_change: bool,
        keep: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let hash = password_hash(password).await?;
        let mut tx = self.pool.begin(Durability::Full).await?;
        let args = vals![id.as_str(), hash, must_change, now.as_millis()];
        if tx.exec("update users set password_hash = $2, must_change = $3, changed_at = $4 where id = $1", args).await? == 0 {
            return Err(StoreError::Conflict);
        }
        tx.exec("delete from sessions where user_id = $1 and hash <> $2", vals![id.as_str(), keep.unwrap_or("")]).await?;
        tx.count(REVISION, 1).await?;
        tx.commit().await
    }

    /// Sets the password of a desk phone: only what proves it under `realm` is kept.
    ///
    /// # Errors
    /// `Conflict` when there is no such person, or they have no phone account.
    pub async fn set_phone_password(&self, id: &UserId, realm: &str, password: &str) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.count(REVISION, 1).await?;
        let row = tx.row("select account from users where id = $1", vals![id.as_str()]).await?;
        let Some(account) = row.as_ref().map(|row| row.opt_text(0)).transpose()?.flatten() else {
            tx.undo().await?;
            return Err(StoreError::Conflict);
        };
        let a1 = format!("{account}:{realm}:{password}");
        let (md5, sha256) = (hex(&Md5::digest(&a1)), hex(&Sha256::digest(&a1)));
        tx.exec("update users set ha1_md5 = $2, ha1_sha256 = $3 where id = $1", vals![id.as_str(), md5, sha256]).await?;
        tx.commit().await
    }

    /// The phones of people who are not disabled.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn phone_secrets(&self) -> Result<Vec<PhoneSecret>, StoreError> {
        const SQL: &str = "select account, id, ha1_md5, ha1_sha256 from users where disabled = 0 and account is not null \
            and ha1_md5 is not null order by account limit 10000";
        let rows = self.pool.rows(SQL, &[]).await?;
        rows.iter()
            .map(|row| {
                Ok(PhoneSecret {
                    account: row.text(0)?.to_owned(),
                    user: UserId::new(row.text(1)?),
                    ha1_md5: row.text(2)?.to_owned(),
                    ha1_sha256: row.opt_text(3)?.unwrap_or("").to_owned(),
                })
            })
            .collect()
    }

    /// Everybody, by login.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let sql = format!("select {COLUMNS} from users order by login limit 10000");
        self.pool.rows(AssertSqlSafe(sql), &[]).await?.iter().map(read_user).collect()
    }

    /// One person by id.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let sql = format!("select {COLUMNS} from users where id = $1");
        self.pool.row(AssertSqlSafe(sql), vals![id.as_str()]).await?.as_ref().map(read_user).transpose()
    }

    /// One person by what they sign in with.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn user_by_login(&self, login: &str) -> Result<Option<User>, StoreError> {
        let sql = format!("select {COLUMNS} from users where login = $1");
        self.pool.row(AssertSqlSafe(sql), vals![login]).await?.as_ref().map(read_user).transpose()
    }

    /// The person whom this name and password belong to. A name that is not there, a disabled account and a wrong password
    /// take the same time and give the same answer.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn check_password(&self, login: &str, password: &str) -> Result<Option<User>, StoreError> {
        let sql = format!("select {COLUMNS}, password_hash from users where login = $1");
        let row = self.pool.row(AssertSqlSafe(sql), vals![login]).await?;
        let hash = match &row {
            Some(row) => row.text(12)?.to_owned(),
            None => nobody(),
        };
        let right = matches(password.to_owned(), hash).await?;
        let user = row.as_ref().map(read_user).transpose()?;
        Ok(user.filter(|user| right && !user.disabled))
    }

    /// Rises with every change of people that must be taken over: cheap to ask every second.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn users_revision(&self) -> Result<i64, StoreError> {
        let row = self.pool.row("select last from counters where name = $1", vals![REVISION]).await?;
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// Tells every node that somebody's sign-in has changed.
    pub(super) async fn raise_users_revision(&self, tx: &mut super::db::Tx) -> Result<(), StoreError> {
        tx.count(REVISION, 1).await.map(|_| ())
    }

    /// Fills a store without people: an administrator with this password, who must change it. `None` when there were some.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn first_administrator(&self, password: &str, now: Timestamp) -> Result<Option<User>, StoreError> {
        if self.pool.row("select id from users limit 1", &[]).await?.is_some() {
            return Ok(None);
        }
        let admin = NewUser {
            login: "admin".into(),
            name: "管理员".into(),
            role: Some(Role::Administrator),
            must_change_password: true,
            ..NewUser::default()
        };
        match self.add_user(&admin, password, now).await {
            Ok(user) => Ok(Some(user)),
            // Another process was first.
            Err(StoreError::Conflict) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Sample people, when there is nobody yet; agents serve `queues`. How many were made. Their passwords are in [`DEMO_USERS`].
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn fill_demo_users(&self, realm: &str, queues: &[QueueId], now: Timestamp) -> Result<u32, StoreError> {
        if self.pool.row("select id from users limit 1", &[]).await?.is_some() {
            return Ok(0);
        }
        let mut made = 0;
        for demo in &DEMO_USERS {
            let agent = demo.role == Role::Agent;
            let user = NewUser {
                login: demo.login.into(),
                name: demo.name.into(),
                number: demo.number.into(),
                role: Some(demo.role),
                queues: if agent { queues.to_vec() } else { Vec::new() },
                skills: Skill::parse_list(demo.skills).unwrap_or_default(),
                account: agent.then(|| demo.number.into()),
                branch: demo.branch.and_then(BranchNumber::new),
                ..NewUser::default()
            };
            match self.add_user(&user, demo.password, now).await {
                Ok(user) => {
                    if agent {
                        self.set_phone_password(&user.id, realm, demo.password).await?;
                    }
                    made += 1;
                }
                Err(StoreError::Conflict) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(made)
    }
}

/// One person of the demonstration.
#[derive(Debug, Clone, Copy)]
pub struct DemoUser {
    pub login: &'static str,
    pub name: &'static str,
    pub number: &'static str,
    pub role: Role,
    pub password: &'static str,
    pub skills: &'static str,
    /// For people of one branch.
    pub branch: Option<u16>,
}

const fn demo_agent(login: &'static str, name: &'static str, skills: &'static str) -> DemoUser {
    DemoUser { login, name, number: login, role: Role::Agent, password: "demo", skills, branch: None }
}

const fn demo_other(login: &'static str, name: &'static str, number: &'static str, role: Role) -> DemoUser {
    DemoUser { login, name, number, role, password: "demo", skills: "", branch: None }
}

const fn demo_branch(login: &'static str, name: &'static str, branch: u16) -> DemoUser {
    DemoUser { branch: Some(branch), ..demo_other(login, name, "", Role::Branch) }
}

/// Who works at the demonstration.
pub const DEMO_USERS: [DemoUser; 9] = [
    demo_agent("8001", "李娜", "zh:80,en:60"),
    demo_agent("8002", "王强", "zh:90,en:20"),
    demo_agent("8003", "周敏", "zh:70,en:90"),
    demo_other("dispatcher", "赵强", "8050", Role::Dispatcher),
    demo_branch("branch1", "一号店", 1),
    demo_branch("branch2", "二号店", 2),
    demo_other("supervisor", "王主管", "8100", Role::Supervisor),
    demo_other("manager", "陈经理", "8200", Role::Manager),
    demo_other("admin", "管理员", "", Role::Administrator),
];

/// What is kept of a password.
async fn password_hash(password: &str) -> Result<String, StoreError> {
    hashed_with(password.to_owned(), uuid::Uuid::new_v4().into_bytes(), COST).await
}

/// A hash of the right cost that nothing matches: names that are not there take as long as those that are.
fn nobody() -> String {
    format!("argon2id:{},{},{}:{}:{}", COST.0, COST.1, COST.2, "5a".repeat(16), "00".repeat(32))
}

fn write_queues(queues: &[QueueId]) -> String {
    queues.iter().map(QueueId::as_str).collect::<Vec<_>>().join(",")
}

/// Reads the columns of [`COLUMNS`].
pub(super) fn read_user(row: &Row) -> Result<User, StoreError> {
    let (role, skills, language) = (row.text(4)?, row.text(6)?, row.text(8)?);
    let branch = row.opt_int(9)?;
    Ok(User {
        id: UserId::new(row.text(0)?),
        login: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        number: row.text(3)?.to_owned(),
        role: Role::parse(role).ok_or_else(|| broken("role", role))?,
        queues: row.text(5)?.split(',').filter(|queue| !queue.is_empty()).map(QueueId::new).collect(),
        skills: Skill::parse_list(skills).ok_or_else(|| broken("list of skills", skills))?,
        account: row.opt_text(7)?.map(str::to_owned),
        language: Language::from_tag(language).ok_or_else(|| broken("language", language))?,
        branch: branch.and_then(|branch| u16::try_from(branch).ok()).and_then(BranchNumber::new),
        disabled: row.flag(10)?,
        must_change_password: row.flag(11)?,
    })
}

/// The columns of a person under an alias, for joins.
pub(super) fn columns_of(alias: &str) -> String {
    COLUMNS.split(", ").map(|column| format!("{alias}.{column}")).collect::<Vec<_>>().join(", ")
}
