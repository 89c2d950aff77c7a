//! Sound and keys of one party: G.711, RTP, digits, recordings; pure, with time handed in. Only `server::media_thread` has sockets.

pub mod clip;
pub mod dtmf;
pub mod g711;
pub mod hall;
pub mod leg;
pub mod order;
pub mod ports;
pub mod quality;
pub mod record;
pub mod resample;
pub mod rtcp;
pub mod rtp;
pub mod source;
pub mod srtp;
pub mod wav;
pub mod webrtc;
