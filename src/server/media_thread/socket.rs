//! A leg's sockets: bound to its port, told apart from strangers by the kernel once the peer is known.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};

use rustix::net::sockopt;

/// Room for received packets in the kernel: about 0.8 s of sound, so that a flood at one port cannot take much memory.
const RECEIVE_BUFFER: usize = 16 * 1024;
/// The largest datagram that is looked at.
pub(super) const DATAGRAM: usize = 1_500;
/// Expedited forwarding (RFC 4594 section 4.1).
const VOICE: u8 = 46 << 2;

/// Opens a port.
///
/// # Errors
/// When the port is taken or descriptors ran out.
pub(super) fn open(ip: IpAddr, port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((ip, port))?;
    socket.set_nonblocking(true)?;
    // Both are wishes: sound works without.
    let _ = sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER);
    let _ = match ip {
        IpAddr::V4(_) => sockopt::set_ip_tos(&socket, VOICE),
        IpAddr::V6(_) => sockopt::set_ipv6_tclass(&socket, u32::from(VOICE)),
    };
    Ok(socket)
}

/// Why a port could not be opened, in words that stay the same.
pub(super) fn why(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::AddrInUse => "the port is taken by another program",
        ErrorKind::AddrNotAvailable => "this machine does not have the address",
        ErrorKind::PermissionDenied => "the system does not permit the port",
        _ if error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => "file descriptors ran out",
        _ if error.raw_os_error() == Some(rustix::io::Errno::NFILE.raw_os_error()) => "file descriptors ran out",
        _ => "the port could not be opened",
    }
}

/// Ties the socket to one peer (strangers are then dropped in the kernel, and sending is cheaper), or frees it.
pub(super) fn tie(socket: &UdpSocket, peer: Option<SocketAddr>) -> bool {
    match peer {
        Some(peer) => rustix::net::connect(socket, &peer).is_ok(),
        None => rustix::net::connect_unspec(socket).is_ok(),
    }
}

/// Sends; an error that an earlier packet caused (port unreachable) does not cost this one.
pub(super) fn send(socket: &UdpSocket, tied: bool, to: SocketAddr, packet: &[u8]) -> bool {
    let send = || if tied { socket.send(packet) } else { socket.send_to(packet, to) };
    match send() {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => send().is_ok(),
        Err(_) => false,
    }
}
