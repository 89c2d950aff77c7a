//! A thermal printer on TCP 9100 that keeps what it prints: decodes ESC/POS in GB18030 and answers for its paper.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Ready,
    NoPaper,
    /// Prints, and never answers a question.
    Mute,
    /// Takes everything and never says that it is done: the paper ran out half-way.
    Stuck,
}

/// One printed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    pub text: String,
    pub big: bool,
    pub bold: bool,
    pub centred: bool,
}

/// One slip, from cut to cut.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paper {
    pub lines: Vec<Printed>,
    pub barcode: Option<String>,
    pub buzzed: bool,
}

impl Paper {
    /// All of its words.
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| line.text.clone() + "\n").collect()
    }
}

/// The printer; gone with the value.
pub struct Printer {
    pub address: SocketAddr,
    pub mood: Arc<Mutex<Mood>>,
    papers: Arc<Mutex<Vec<Paper>>>,
    over: Arc<AtomicBool>,
}

impl Printer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let printer = Self { address, mood: Arc::new(Mutex::new(Mood::Ready)), papers: Arc::default(), over: Arc::default() };
        let (mood, papers, over) = (Arc::clone(&printer.mood), Arc::clone(&printer.papers), Arc::clone(&printer.over));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                if let Ok(stream) = stream {
                    let (mood, papers) = (Arc::clone(&mood), Arc::clone(&papers));
                    std::thread::spawn(move || Head { stream, mood, papers, paper: Paper::default(), line: Vec::new() }.print());
                }
            }
        });
        printer
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn papers(&self) -> Vec<Paper> {
        self.papers.lock().unwrap().clone()
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
    }
}

struct Head {
    stream: TcpStream,
    mood: Arc<Mutex<Mood>>,
    papers: Arc<Mutex<Vec<Paper>>>,
    paper: Paper,
    line: Vec<u8>,
}

impl Head {
    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte).ok().map(|()| byte[0])
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    fn print(mut self) {
        let (mut chinese, mut big, mut bold, mut centred) = (false, false, false, false);
        while let Some(byte) = self.byte() {
            match byte {
                0x10 => {
                    assert_eq!(self.byte(), Some(4), "DLE is followed by EOT");
                    let asked = self.byte();
                    let answer = match (asked, self.mood()) {
                        (_, Mood::Mute) => continue,
                        (Some(4), Mood::NoPaper) => 0x72,
                        _ => 0x12,
                    };
                    let _ = self.stream.write_all(&[answer]);
                }
                0x1b => match self.byte() {
                    Some(b'@') => (chinese, big, bold, centred) = (false, false, false, false),
                    Some(b'a') => centred = self.byte() == Some(1),
                    Some(b'E') => bold = self.byte() == Some(1),
                    Some(b'd') => drop(self.byte()),
                    Some(b'B') => {
                        self.paper.buzzed = true;
                        let _ = (self.byte(), self.byte());
                    }
                    other => panic!("unknown ESC command {other:?}"),
                },
                0x1c => match self.byte() {
                    Some(b'&') => chinese = true,
                    Some(b'.') => chinese = false,
                    other => panic!("unknown FS command {other:?}"),
                },
                0x1d => match self.byte() {
                    Some(b'!') => big = self.byte() == Some(0x11),
                    Some(b'V') => {
                        assert_eq!((self.byte(), self.byte()), (Some(66), Some(0)));
                        let paper = std::mem::take(&mut self.paper);
                        if !matches!(self.mood(), Mood::NoPaper | Mood::Stuck) {
                            self.papers.lock().unwrap().push(paper);
                        }
                    }
                    Some(b'h' | b'w' | b'H') => drop(self.byte()),
                    Some(b'k') => {
                        assert_eq!(self.byte(), Some(73), "CODE 128");
                        let length = self.byte().unwrap();
                        let code: Vec<u8> = (0..length).map(|_| self.byte().unwrap()).collect();
                        assert!(code.starts_with(b"{B"));
                        self.paper.barcode = Some(String::from_utf8(code[2..].to_vec()).unwrap());
                    }
                    Some(b'r') => {
                        assert_eq!(self.byte(), Some(1));
                        if self.mood() != Mood::Stuck {
                            let _ = self.stream.write_all(&[0]);
                        }
                    }
                    other => panic!("unknown GS command {other:?}"),
                },
                b'\n' => {
                    let bytes = std::mem::take(&mut self.line);
                    // Without Chinese mode a printer sets such bytes as Latin letters.
                    let text = if chinese {
                        let (text, _, faults) = encoding_rs::GB18030.decode(&bytes);
                        assert!(!faults, "not GB 18030: {bytes:x?}");
                        text.into_owned()
                    } else {
                        bytes.iter().map(|byte| char::from(*byte)).collect()
                    };
                    if self.paper.barcode.is_none() {
                        self.paper.lines.push(Printed { text, big, bold, centred });
                    }
                }
                byte => self.line.push(byte),
            }
        }
    }
}
