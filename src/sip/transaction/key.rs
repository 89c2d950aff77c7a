//! How a message finds its transaction or dialog: keyed 64-bit hashes of what RFC 3261 says identifies it.

use std::hash::{DefaultHasher, Hasher as _};

use crate::machine::Ids;
use crate::sip::message::{Method, Request, method_name};

/// Makes keys; the seed is secret, so that nobody outside can aim at another's key.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    seed: [u64; 2],
}

impl Keys {
    #[must_use]
    pub fn new(ids: &mut Ids) -> Self {
        Self { seed: [ids.next_u64(), ids.next_u64()] }
    }

    /// A key for these parts, in this order.
    #[must_use]
    pub fn of(&self, kind: u8, parts: &[&[u8]]) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.seed[0]);
        hasher.write_u64(self.seed[1]);
        hasher.write_u8(kind);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        hasher.finish()
    }

    /// The server transaction of a request (RFC 3261 section 17.2.3): branch, sent-by and method, where an ACK belongs to its INVITE.
    /// Call-ID and CSeq are added, which never differ inside a transaction, so that clients with a constant branch work as well;
    /// they and the From tag are also what identifies a transaction of RFC 2543.
    #[must_use]
    pub fn server(&self, request: &Request<'_>, method: Method) -> u64 {
        let method = if method == Method::Ack { Method::Invite } else { method };
        let port = request.via.port.unwrap_or(5060).to_be_bytes();
        let cseq = request.cseq.to_be_bytes();
        let branch = request.via.branch().unwrap_or(b"");
        let from_tag = if branch.is_empty() { request.from.tag() } else { b"" };
        let host = request.via.host;
        self.of(b's', &[branch, from_tag, host, &port, method_name(method).as_bytes(), request.call_id, &cseq])
    }

    /// The client transaction of a response (RFC 3261 section 17.1.3): branch and method.
    #[must_use]
    pub fn client(&self, branch: &[u8], method: Method) -> u64 {
        self.of(b'c', &[branch, method_name(method).as_bytes()])
    }

    /// What makes two INVITEs that came by different ways the same (RFC 3261 section 8.2.2.2).
    #[must_use]
    pub fn merged(&self, request: &Request<'_>) -> u64 {
        self.of(b'm', &[request.from.tag(), request.call_id, &request.cseq.to_be_bytes(), request.method_text])
    }

    /// A dialog, by Call-ID and our tag.
    #[must_use]
    pub fn dialog(&self, call_id: &[u8], local_tag: &[u8]) -> u64 {
        self.of(b'd', &[call_id, local_tag])
    }

    /// The tag of an answer that leaves nothing behind: the same for each repetition of the request.
    #[must_use]
    pub fn stateless_tag(&self, call_id: &[u8], from: &[u8]) -> String {
        format!("{:016x}", self.of(b't', &[call_id, from]))
    }
}
