//! Prompts by page: whose recording speaks, played in the browser, an operator's own in its place, and back to an older one.
//!
//! Own recordings are files below `data/prompts`, which win over the shipped voice and are heard from the next sentence on; every one
//! that was ever uploaded stays below `data/prompt-versions`.

use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::text;
use crate::domain::{Language, Role, Timestamp};
use crate::media::g711::alaw_to_linear;
use crate::media::wav;
use crate::voice::{Library, Origin, Piece};
use crate::web::body::{Body, Params, whole};
use crate::web::{Answer, Problem, Viewer, Web};
use crate::wire::time;

const LOOK: [Role; 3] = [Role::Supervisor, Role::Manager, Role::Administrator];
const MAY: [Role; 2] = [Role::Manager, Role::Administrator];
/// Two minutes of 16-bit sound at 48 kHz are 11 MiB.
const LONGEST: usize = 12 * 1024 * 1024;
const MOST_SECONDS: usize = 120;
/// So long a change waits for the line to take it over.
const TAKES: Duration = Duration::from_secs(6);
const MOST_VERSIONS: usize = 50;

fn origin(origin: Option<Origin>) -> &'static str {
    match origin {
        Some(Origin::Own) => "own",
        Some(Origin::Shipped) => "shipped",
        None => "missing",
    }
}

/// Every prompt with its texts, whose recording speaks in each language, and how long it is.
#[utoipa::path(get, path = "/api/prompts", tag = "house", responses((status = 200, description = "a list of prompts")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let voice = web.plant.voice.borrow().clone();
    let show = |prompt: crate::voice::PromptState| {
        let ([zh, en], [zh_ms, en_ms]) = (prompt.texts, prompt.millis);
        json!({
            "id": prompt.id, "zh": zh, "en": en, "zh_recording": origin(prompt.origins[0]), "en_recording": origin(prompt.origins[1]),
            "zh_ms": zh_ms, "en_ms": en_ms,
        })
    };
    // Lengths are those of the sound, which is read at its first use.
    let all = tokio::task::spawn_blocking(move || voice.list().into_iter().map(show).collect()).await;
    all.map(Json).map_err(|_| Problem::new("fault", "the prompts could not be listed"))
}

/// One prompt with its pieces (a text with values in it has several), each with the versions of its recording.
#[utoipa::path(get, path = "/api/prompts/{id}", tag = "house", params(("id" = String, Path)),
    responses((status = 200, description = "pieces with their recordings and versions"), (status = 404, description = "no such prompt")))]
pub(in crate::web) async fn one(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let voice = web.plant.voice.borrow().clone();
    if !voice.has(&id) {
        return Err(Problem::not_found("prompt"));
    }
    let mut pieces = Vec::new();
    for piece in voice.pieces(&id) {
        let place = Place::of(&web, piece.language, &piece.key);
        let versions = blocking(move || place.versions()).await?;
        pieces.push(show(&piece, &versions));
    }
    Ok(Json(json!({ "id": id, "pieces": pieces })))
}

fn show(piece: &Piece, versions: &[Version]) -> Value {
    let versions = versions
        .iter()
        .map(|version| json!({ "name": version.name, "at": time(version.at), "by": version.by, "current": version.current }));
    json!({
        "language": piece.language.tag(), "key": piece.key, "text": piece.text, "recording": origin(piece.origin), "ms": piece.millis,
        "versions": versions.collect::<Value>(),
    })
}

/// Which version; the one that callers hear when left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Which {
    version: Option<String>,
}

/// The sound of a piece as callers hear it, or one of its older versions.
#[utoipa::path(get, path = "/api/prompt-sound/{language}/{key}", tag = "house",
    params(("language" = String, Path, description = "zh-CN or en"), ("key" = String, Path), ("version" = Option<String>, Query)),
    responses((status = 200, description = "audio/wav, as 16-bit samples at 8 kHz"), (status = 404, description = "no such piece or version, or it has no sound")))]
pub(in crate::web) async fn sound(
    State(web): State<Web>,
    viewer: Viewer,
    Path((language, key)): Path<(String, String)>,
    Params(which): Params<Which>,
) -> Answer<Response> {
    viewer.require(&LOOK)?;
    let (piece, place) = found(&web, &language, &key)?;
    let sound = match which.version {
        Some(version) => {
            let bytes = blocking(move || place.version(&version)).await?.ok_or_else(|| Problem::not_found("version"))?;
            wav::read_alaw(&bytes).map_err(|error| Problem::invalid(error.to_string()))?
        }
        None => piece.clip.ok_or_else(|| Problem::not_found("recording"))?.alaw().to_vec(),
    };
    Ok(([(header::CONTENT_TYPE, "audio/wav"), (header::CACHE_CONTROL, "no-store")], wav::write_pcm(&sound)).into_response())
}

/// The piece of this key, which is one that some prompt speaks: nothing else becomes the name of a file.
fn found(web: &Web, language: &str, key: &str) -> Answer<(Piece, Place)> {
    let language = Language::from_tag(language).ok_or_else(|| Problem::not_found("language"))?;
    let voice: std::sync::Arc<Library> = web.plant.voice.borrow().clone();
    let piece = voice.piece(key, language).ok_or_else(|| Problem::not_found("prompt"))?;
    Ok((piece, Place::of(web, language, key)))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::new("fault", "the files could not be read"))
}

/// A WAV file.
pub(in crate::web) struct Sound(Bytes);

impl FromRequest<Web> for Sound {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Web) -> Answer<Self> {
        whole(request, LONGEST, || format!("a recording has at most {} MiB", LONGEST >> 20)).await.map(Self)
    }
}

/// Takes an operator's own recording for a piece: WAV of 16 bit and 8 to 48 kHz, or A-law or μ-law at 8 kHz. It is kept at 8 kHz, wins over the shipped one and is
/// heard from the next sentence on; older ones are kept.
#[utoipa::path(put, path = "/api/prompt-sound/{language}/{key}", tag = "house",
    params(("language" = String, Path), ("key" = String, Path)),
    request_body(content_type = "audio/wav", description = "the recording"),
    responses((status = 200, description = "the piece with its versions, `heard` says whether the line has it yet, `advice` what could be better"),
        (status = 404, description = "no such piece"), (status = 422, description = "no sound that can be played, with what to do")))]
pub(in crate::web) async fn upload(
    State(web): State<Web>,
    viewer: Viewer,
    Path((language, key)): Path<(String, String)>,
    Sound(bytes): Sound,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let (_, place) = found(&web, &language, &key)?;
    let sound = blocking(move || wav::convert(&bytes)).await?.map_err(|error| Problem::invalid(error.to_string()))?;
    let advice = judge(&sound)?;
    let (at, by) = (web.wall(), viewer.login.clone());
    let kept = blocking(move || place.keep(&wav::write_alaw(&sound), at, &by)).await?;
    kept.map_err(|error| Problem::new("fault", format!("the recording could not be kept: {error}")))?;
    web.audit(&viewer, "prompt.uploaded", &format!("prompt:{language}/{key}"), "").await;
    answer(&web, &language, &key, advice).await
}

/// Which version is to be heard; none: the shipped one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Choice {
    version: Option<String>,
}

/// Goes back to an older version, or with `null` to the shipped one.
#[utoipa::path(post, path = "/api/prompt-sound/{language}/{key}/use", tag = "house",
    params(("language" = String, Path), ("key" = String, Path)),
    responses((status = 200, description = "the piece with its versions"), (status = 404, description = "no such piece or version")))]
pub(in crate::web) async fn choose(
    State(web): State<Web>,
    viewer: Viewer,
    Path((language, key)): Path<(String, String)>,
    Body(choice): Body<Choice>,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let (_, place) = found(&web, &language, &key)?;
    let version = choice.version.as_deref().map(|version| text("version", version, 80)).transpose()?;
    let (wanted, at) = (version.clone(), web.wall());
    let done = blocking(move || place.choose(wanted.as_deref(), at)).await?;
    if !done.map_err(|error| Problem::new("fault", format!("the recording could not be changed: {error}")))? {
        return Err(Problem::not_found("version"));
    }
    web.audit(&viewer, "prompt.chosen", &format!("prompt:{language}/{key}"), version.as_deref().unwrap_or("shipped")).await;
    answer(&web, &language, &key, Vec::new()).await
}

/// The piece, once the line has taken the files over.
async fn answer(web: &Web, language: &str, key: &str, advice: Vec<&'static str>) -> Answer<Json<Value>> {
    let (_, place) = found(web, language, key)?;
    let (versions, current) = blocking(move || (place.versions(), place.own_sound())).await?;
    let mut voice = web.plant.voice.clone();
    let tag = Language::from_tag(language).unwrap_or(Language::Mandarin);
    let taken = voice.wait_for(|voice| {
        let piece = voice.piece(key, tag);
        let same = |piece: &Piece| match &current {
            Some(sound) => piece.clip.as_ref().is_some_and(|clip| clip.alaw().starts_with(sound)),
            None => piece.origin != Some(Origin::Own),
        };
        piece.as_ref().is_some_and(same)
    });
    let heard = matches!(tokio::time::timeout(TAKES, taken).await, Ok(Ok(_)));
    let (piece, _) = found(web, language, key)?;
    let mut shown = show(&piece, &versions);
    shown["heard"] = json!(heard);
    shown["advice"] = json!(advice);
    Ok(Json(shown))
}

/// What could be better about a recording; nothing that can be heard at all is refused.
fn judge(sound: &[u8]) -> Answer<Vec<&'static str>> {
    if sound.is_empty() {
        return Err(Problem::invalid("there is no sound in it; record it again"));
    }
    if sound.len() > MOST_SECONDS * 8000 {
        return Err(Problem::invalid(format!("it is longer than {MOST_SECONDS} s; callers do not wait for so long")));
    }
    let levels = sound.iter().map(|byte| i32::from(alaw_to_linear(*byte)).abs());
    let loudest = levels.clone().max().unwrap_or(0);
    if loudest < 300 {
        return Err(Problem::invalid("it is silent; record it again"));
    }
    let clipped = levels.filter(|level| *level > 31_000).count();
    let mut advice = Vec::new();
    if loudest < 6_000 {
        advice.push("quiet");
    }
    if clipped * 200 > sound.len() {
        advice.push("clipped");
    }
    if sound.len() < 1_600 {
        advice.push("short");
    }
    Ok(advice)
}

/// Where the recordings of one piece lie.
struct Place {
    own: PathBuf,
    versions: PathBuf,
}

/// One recording that was uploaded.
struct Version {
    name: String,
    at: Timestamp,
    by: String,
    /// It is the one in `data/prompts`.
    current: bool,
}

impl Place {
    fn of(web: &Web, language: Language, key: &str) -> Self {
        let own = web.plant.prompts.join(language.tag()).join("ui").join(format!("{key}.wav"));
        Self { own, versions: web.plant.prompt_versions.join(language.tag()).join(key) }
    }

    fn names(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(&self.versions) else { return Vec::new() };
        let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| name.ends_with(".wav"));
        names.sort();
        names.reverse();
        names
    }

    /// Latest first.
    fn versions(&self) -> Vec<Version> {
        let now = std::fs::read(&self.own).ok();
        let mut found = false;
        let mut version = |name: String| {
            let current = !found && now.is_some() && std::fs::read(self.versions.join(&name)).ok() == now;
            found |= current;
            let (millis, by) = name.trim_end_matches(".wav").split_once('-').unwrap_or(("0", ""));
            Version { at: Timestamp::from_millis(millis.parse().unwrap_or(0)), by: by.to_owned(), current, name }
        };
        self.names().into_iter().map(&mut version).collect()
    }

    /// The file of a version; only names that are in the list are opened.
    fn version(&self, name: &str) -> Option<Vec<u8>> {
        self.names().iter().any(|known| known == name).then(|| std::fs::read(self.versions.join(name)).ok()).flatten()
    }

    fn own_sound(&self) -> Option<Vec<u8>> {
        wav::read_alaw(&std::fs::read(&self.own).ok()?).ok()
    }

    /// Keeps a recording and makes it the one that is heard.
    fn keep(&self, file: &[u8], at: Timestamp, by: &str) -> std::io::Result<()> {
        self.save_what_is_there(at)?;
        std::fs::create_dir_all(&self.versions)?;
        let by: String = by.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.' || *c == '_').take(40).collect();
        write_whole(&self.versions.join(format!("{:015}-{by}.wav", at.as_millis())), file)?;
        for old in self.names().into_iter().skip(MOST_VERSIONS) {
            std::fs::remove_file(self.versions.join(old))?;
        }
        write_whole(&self.own, file)
    }

    /// A recording that somebody put there by hand becomes a version before it is written over.
    fn save_what_is_there(&self, at: Timestamp) -> std::io::Result<()> {
        let Ok(there) = std::fs::read(&self.own) else { return Ok(()) };
        if self.names().iter().any(|name| std::fs::read(self.versions.join(name)).ok().as_ref() == Some(&there)) {
            return Ok(());
        }
        std::fs::create_dir_all(&self.versions)?;
        write_whole(&self.versions.join(format!("{:015}-file.wav", at.as_millis() - 1)), &there)
    }

    /// Whether there is such a version.
    fn choose(&self, name: Option<&str>, at: Timestamp) -> std::io::Result<bool> {
        let Some(name) = name else {
            self.save_what_is_there(at)?;
            return match std::fs::remove_file(&self.own) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(true),
            };
        };
        let Some(file) = self.version(name) else { return Ok(false) };
        self.save_what_is_there(at)?;
        write_whole(&self.own, &file)?;
        Ok(true)
    }
}

/// A file is there whole or not at all: the line reads it at any moment.
fn write_whole(path: &FilePath, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("part");
    std::fs::write(&beside, bytes)?;
    std::fs::rename(&beside, path)
}
