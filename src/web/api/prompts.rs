//! Prompts by page: whose recording speaks, played in the browser, another one in its place, and back to an older one.
//!
//! Own recordings are files below `data/prompts`, which win over the shipped voice and are heard from the next sentence on; every one
//! that was ever uploaded stays below `data/prompt-versions`.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{author, text};
use crate::bus::Query;
use crate::command::ListenAt;
use crate::domain::{Catalogue, Language, Role};
use crate::media::g711::alaw_to_linear;
use crate::media::wav;
use crate::store::{Author, PromptVersion};
use crate::voice::{Library, Origin, Piece, named};
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
/// So long the page waits to hear that a telephone rings.
const RINGS: Duration = Duration::from_secs(8);
/// What stands before the key of a name.
const NAME: &str = "name:";

/// One thing that is recorded: a piece of a prompt, or a name.
struct Clip {
    language: Language,
    /// Its path below the language, without `.wav`, as the store and the files have it.
    path: String,
    piece: Piece,
}

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
    let mut pieces = Vec::new();
    for clip in clips(&web, &id)? {
        let versions = web.store.prompt_versions(clip.language, &clip.path).await?;
        pieces.push(show(&clip.piece, &versions));
    }
    Ok(Json(json!({ "id": id, "pieces": pieces })))
}

/// What is recorded for a prompt, or for a name.
fn clips(web: &Web, id: &str) -> Answer<Vec<Clip>> {
    let keys: Vec<(Language, String)> = match id.strip_prefix(NAME) {
        Some(_) => Language::ALL.map(|language| (language, id.to_owned())).to_vec(),
        None => web.plant.voice.borrow().pieces(id).into_iter().map(|piece| (piece.language, piece.key)).collect(),
    };
    let clips: Vec<Clip> = keys.iter().filter_map(|(language, key)| clip(web, *language, key)).collect();
    if clips.is_empty() { Err(Problem::not_found("prompt")) } else { Ok(clips) }
}

/// The clip of this key, when some prompt or name speaks it: nothing else is recorded.
fn clip(web: &Web, language: Language, key: &str) -> Option<Clip> {
    let voice = web.plant.voice.borrow().clone();
    let catalogue = web.catalogue.borrow().clone();
    clip_of(&voice, &catalogue, language, key)
}

fn clip_of(voice: &Library, catalogue: &Catalogue, language: Language, key: &str) -> Option<Clip> {
    let Some(name) = key.strip_prefix(NAME) else {
        return Some(Clip { language, path: format!("ui/{key}"), piece: voice.piece(key, language)? });
    };
    let mut piece = voice.name_piece(name, named(catalogue, name, language)?, language);
    key.clone_into(&mut piece.key);
    Some(Clip { language, path: format!("name/{name}"), piece })
}

fn show(piece: &Piece, versions: &[PromptVersion]) -> Value {
    let versions = versions
        .iter()
        .map(|version| json!({ "name": version.id, "at": time(version.at), "by": version.by_name, "current": version.chosen }));
    json!({
        "language": piece.language.tag(), "key": piece.key, "text": piece.text, "recording": origin(piece.origin), "ms": piece.millis,
        // An own recording is somebody's upload, or a file of the operator.
        "uploaded": versions.clone().any(|version| version["current"] == true),
        "versions": versions.collect::<Value>(),
    })
}

/// Which version; the one that callers hear when left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
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
    let found = found(&web, &language, &key)?;
    let sound = match which.version {
        Some(version) => {
            let sound = web.store.prompt_sound(found.language, &found.path, &version).await?;
            sound.ok_or_else(|| Problem::not_found("version"))?
        }
        None => found.piece.clip.ok_or_else(|| Problem::not_found("recording"))?.alaw().to_vec(),
    };
    Ok(([(header::CONTENT_TYPE, "audio/wav"), (header::CACHE_CONTROL, "no-store")], wav::write_pcm(&sound)).into_response())
}

fn found(web: &Web, language: &str, key: &str) -> Answer<Clip> {
    let language = Language::from_tag(language).ok_or_else(|| Problem::not_found("language"))?;
    clip(web, language, key).ok_or_else(|| Problem::not_found("prompt"))
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

/// Takes a recording for a piece: WAV of 16 bit and 8 to 48 kHz, or A-law or μ-law at 8 kHz. It is kept in the store at 8 kHz, wins over
/// the operator's file and the shipped one, and is heard from the next sentence on at every node; the last fifty are kept.
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
    let clip = found(&web, &language, &key)?;
    let sound = blocking(move || wav::convert(&bytes)).await?.map_err(|error| Problem::invalid(error.to_string()))?;
    let advice = judge(&sound)?;
    let by = Author { name: viewer.login.clone(), ..author(&viewer) };
    web.store.keep_prompt(clip.language, &clip.path, &sound, &by, web.wall()).await?;
    web.audit(&viewer, "prompt.uploaded", &format!("prompt:{language}/{key}"), "").await;
    answer(&web, &clip, Some(sound), true, advice).await
}

/// Which version is to be heard; none: the operator's file, or the shipped one.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Choice {
    version: Option<String>,
}

/// Goes back to an older version, or with `null` to the operator's file or the shipped one.
#[utoipa::path(post, path = "/api/prompt-sound/{language}/{key}/use", tag = "house", request_body = inline(Choice),
    params(("language" = String, Path), ("key" = String, Path)),
    responses((status = 200, description = "the piece with its versions"), (status = 404, description = "no such piece or version")))]
pub(in crate::web) async fn choose(
    State(web): State<Web>,
    viewer: Viewer,
    Path((language, key)): Path<(String, String)>,
    Body(choice): Body<Choice>,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let choice = choice?;
    let clip = found(&web, &language, &key)?;
    let version = choice.version.as_deref().map(|version| text("version", version, 80)).transpose()?;
    let sound = match &version {
        Some(version) => {
            Some(web.store.prompt_sound(clip.language, &clip.path, version).await?.ok_or_else(|| Problem::not_found("version"))?)
        }
        None => None,
    };
    let spoke = web.store.prompt_versions(clip.language, &clip.path).await?.iter().any(|version| version.chosen);
    if !web.store.choose_prompt(clip.language, &clip.path, version.as_deref()).await? {
        return Err(Problem::not_found("version"));
    }
    web.audit(&viewer, "prompt.chosen", &format!("prompt:{language}/{key}"), version.as_deref().unwrap_or("shipped")).await;
    answer(&web, &clip, sound, spoke, Vec::new()).await
}

/// The telephone at which a recording is to be heard.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Listener {
    /// The number of somebody with a desk phone, such as 8001, or an outside number.
    to: String,
    /// What callers hear when left out.
    #[serde(default)]
    version: Option<String>,
}

/// Rings a desk phone or an outside number (by the rules of `[outbound]`), plays the recording, and hangs up.
#[utoipa::path(post, path = "/api/prompt-sound/{language}/{key}/call", tag = "house", request_body = inline(Listener),
    params(("language" = String, Path), ("key" = String, Path)),
    responses((status = 200, description = "`state`: calling, ringing or answered"), (status = 404, description = "no such piece or version, or it has no sound"),
        (status = 409, description = "why that telephone is not rung"), (status = 422, description = "this is no telephone")))]
pub(in crate::web) async fn listen(
    State(web): State<Web>,
    viewer: Viewer,
    Path((language, key)): Path<(String, String)>,
    Body(listener): Body<Listener>,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let listener = listener?;
    let clip = found(&web, &language, &key)?;
    let sound = match &listener.version {
        Some(version) => web.store.prompt_sound(clip.language, &clip.path, version).await?.ok_or_else(|| Problem::not_found("version"))?,
        None => clip.piece.clip.ok_or_else(|| Problem::not_found("recording"))?.alaw().to_vec(),
    };
    let to = text("to", &listener.to, 30)?;
    let user = web.store.users().await?.into_iter().find(|user| !to.is_empty() && user.number == to);
    let at = match user {
        Some(user) => {
            let account = user.account.ok_or_else(|| Problem::new("cannot", "this person has no desk phone"))?;
            ListenAt::Phone { account }
        }
        None => ListenAt::Number { number: super::phone(&to)? },
    };
    let shown = match &at {
        ListenAt::Phone { .. } => to,
        ListenAt::Number { number } => number.to_string(),
    };
    web.audit(&viewer, "prompt.listened", &format!("prompt:{language}/{key}"), &shown).await;
    let (answer, heard) = oneshot::channel();
    let stopped = || Problem::new("stopped", "the call centre has stopped");
    web.queries.send(Query::Listen { at, sound, answer }).await.map_err(|_| stopped())?;
    let state = match tokio::time::timeout(RINGS, heard).await {
        Ok(Ok(Ok(state))) => state,
        Ok(Ok(Err(why))) => return Err(Problem::new("cannot", why)),
        Ok(Err(_)) => return Err(stopped()),
        Err(_) => "calling",
    };
    Ok(Json(json!({ "state": state })))
}

/// The piece, once the line has taken it over: this sound, or none where an upload `spoke` before.
async fn answer(web: &Web, wanted: &Clip, sound: Option<Vec<u8>>, spoke: bool, advice: Vec<&'static str>) -> Answer<Json<Value>> {
    let (language, key) = (wanted.language, wanted.piece.key.as_str());
    let versions = web.store.prompt_versions(language, &wanted.path).await?;
    let mut voice = web.plant.voice.clone();
    let before = wanted.piece.clip.as_ref().map(|clip| clip.alaw().to_vec());
    let catalogue = web.catalogue.borrow().clone();
    let taken = voice.wait_for(|voice| {
        let now = clip_of(voice, &catalogue, language, key).and_then(|clip| clip.piece.clip);
        match &sound {
            Some(sound) => now.is_some_and(|now| now.alaw().starts_with(sound)),
            None if !spoke => true,
            // Whatever comes instead of it: a file, the shipped voice, or nothing.
            None => now.map(|now| now.alaw().to_vec()) != before,
        }
    });
    let heard = matches!(tokio::time::timeout(TAKES, taken).await, Ok(Ok(_)));
    let piece = clip(web, language, key).map_or_else(|| wanted.piece.clone(), |clip| clip.piece);
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
