//! The vectors of RFC 3711, of libsrtp and of RFC 7714, then replay, roll-over and forgery.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

const COUNTER: &str = "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6";

fn master() -> MasterKey {
    MasterKey::Counter(hex(COUNTER).try_into().unwrap())
}

/// Every suite with a key for it.
fn suites() -> [(Suite, MasterKey); 4] {
    let (short, long) = (MasterKey::Galois128(std::array::from_fn(|place| place as u8)), MasterKey::Galois256([9; 44]));
    [(Suite::Aes128Sha1Tag80, master()), (Suite::Aes128Sha1Tag32, master()), (Suite::Aes128Gcm, short), (Suite::Aes256Gcm, long)]
}

fn both(suite: Suite, master: &MasterKey) -> (Context, Context) {
    (Context::new(suite, master).unwrap(), Context::new(suite, master).unwrap())
}

fn packet(sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 12];
    crate::media::rtp::write_header(packet.first_chunk_mut().unwrap(), false, 8, sequence, u32::from(sequence) * 160, 0xCAFE_BABE);
    packet.extend_from_slice(payload);
    packet
}

fn sealed(context: &mut Context, packet: &[u8]) -> Vec<u8> {
    let mut bytes = packet.to_vec();
    bytes.resize(packet.len() + OVERHEAD, 0);
    let length = context.seal(&mut bytes, packet.len()).unwrap();
    bytes.truncate(length);
    bytes
}

fn opened(context: &mut Context, packet: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = packet.to_vec();
    let length = context.open(&mut bytes)?;
    bytes.truncate(length);
    Some(bytes)
}

#[test]
fn keys_are_derived_as_in_rfc_3711_b_3() {
    let master = hex(COUNTER);
    for (label, expected) in
        [(0, "C61E7A93744F39EE10734AFE3FF7A087"), (2, "30CBBC08863D8C85D49DB34A9AE1"), (1, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")]
    {
        let expected = hex(expected);
        let mut drawn = vec![0; expected.len()];
        draw(master.split_at(16), label, &mut drawn).unwrap();
        assert_eq!(drawn, expected);
    }
}

#[test]
fn the_key_stream_is_that_of_rfc_3711_b_2() {
    let cipher = cipher(&hex("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
    let salt = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
    let keys = Counter { cipher, salt, proof: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &[0; 20]), tag: 10 };
    let mut bytes = [0; 32];
    keys.crypt(0, 0, &mut bytes).unwrap();
    assert_eq!(bytes.to_vec(), hex("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB"));
}

#[test]
fn packets_are_sealed_and_opened_as_libsrtp_does() {
    let clear = hex("800f1234 decafbad cafebabe abababab abababab abababab abababab");
    let closed = hex("800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb");
    let (mut ours, mut theirs) = both(Suite::Aes128Sha1Tag80, &master());
    assert_eq!(sealed(&mut ours, &clear), closed);
    assert_eq!(opened(&mut theirs, &closed), Some(clear));
    let clear = hex("81c8000b cafebabe abababab abababab abababab abababab");
    let closed = hex("81c8000b cafebabe 7128035b e487b9bd bef89041 f977a5a8 80000001 993e08cd 54d6c1230798");
    let mut bytes = clear.clone();
    bytes.resize(clear.len() + OVERHEAD, 0);
    assert_eq!(ours.seal_rtcp(&mut bytes, clear.len()), Some(closed.len()));
    bytes.truncate(closed.len());
    assert_eq!(bytes, closed);
    assert_eq!(theirs.open_rtcp(&mut bytes), Some(clear.len()));
    assert_eq!(bytes[..clear.len()], clear);
    assert_eq!(theirs.open_rtcp(&mut closed.clone()), None, "a second time it is a replay");
}

#[test]
fn packets_are_sealed_and_opened_as_in_rfc_7714_16_and_17() {
    // Its session keys: nothing is drawn.
    let of = |key: &str| {
        let keys = || {
            let key = hex(key);
            let algorithm = if key.len() == 32 { &aead::AES_256_GCM } else { &aead::AES_128_GCM };
            let salt = hex("517569642070726f2071756f").try_into().unwrap();
            Keys::Galois { key: LessSafeKey::new(UnboundKey::new(algorithm, &key).unwrap()), salt }
        };
        Context { rtp: keys(), rtcp: keys(), streams: Vec::new(), control: Vec::new(), index: 0x5d4 }
    };
    let short = "000102030405060708090a0b0c0d0e0f";
    let long = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let clear = [hex("8040f17b 8041f8d3 5501a0b2"), b"Gallia est omnis divisa in partes tres".to_vec()].concat();
    for (key, closed) in [
        (
            short,
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 \
             6a9152cf 765ee439 0cce",
        ),
        (
            long,
            "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff \
             d6b0f9bb 7878d7a7 6c13",
        ),
    ] {
        let closed = hex(closed);
        assert_eq!(sealed(&mut of(key), &clear), closed);
        assert_eq!(opened(&mut of(key), &closed), Some(clear.clone()));
    }
    let clear = hex("81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef");
    let closed =
        hex("81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b \
         c84aa458 96cf4d2f c5abf872 45d9eade 800005d4");
    let mut bytes = clear.clone();
    bytes.resize(clear.len() + OVERHEAD, 0);
    assert_eq!(of(short).seal_rtcp(&mut bytes, clear.len()), Some(closed.len()));
    assert_eq!(bytes, closed);
    let mut theirs = of(short);
    assert_eq!(theirs.open_rtcp(&mut bytes), Some(clear.len()));
    assert_eq!(bytes[..clear.len()], clear);
    assert_eq!(theirs.open_rtcp(&mut closed.clone()), None, "a second time it is a replay");
}

#[test]
fn a_suite_takes_only_a_key_of_its_kind() {
    let all = suites();
    for (place, (suite, _)) in all.iter().enumerate() {
        for (other, (_, master)) in all.iter().enumerate() {
            let fits = place == other || (place < 2 && other < 2);
            assert_eq!(Context::new(*suite, master).is_ok(), fits, "{suite:?} {other}");
        }
    }
}

#[test]
fn numbers_roll_over_and_nothing_is_taken_twice() {
    for (suite, master) in suites() {
        let (mut ours, mut theirs) = both(suite, &master);
        let mut sequence = 65_000_u16;
        for turn in 0..140_000_u32 {
            sequence = sequence.wrapping_add(1);
            let clear = packet(sequence, &turn.to_be_bytes());
            let closed = sealed(&mut ours, &clear);
            // Every tenth is lost.
            if turn % 10 != 0 {
                assert_eq!(opened(&mut theirs, &closed), Some(clear), "{turn}");
                assert_eq!(opened(&mut theirs, &closed), None, "{turn} twice");
            }
        }
        assert_eq!(theirs.streams[0].highest >> 16, 3);
    }
}

#[test]
fn late_packets_are_taken_within_the_window_also_across_a_roll_over() {
    let (mut ours, mut theirs) = both(Suite::Aes128Sha1Tag80, &master());
    let closed: Vec<Vec<u8>> = (0..100_u16).map(|turn| sealed(&mut ours, &packet(65_486_u16.wrapping_add(turn), &[1, 2, 3]))).collect();
    for (place, packet) in closed.iter().enumerate().filter(|(place, _)| place % 40 != 20) {
        assert!(opened(&mut theirs, packet).is_some(), "{place}");
    }
    assert_eq!(opened(&mut theirs, &closed[20]), None, "older than the window");
    assert!(opened(&mut theirs, &closed[60]).is_some(), "late");
    assert_eq!(opened(&mut theirs, &closed[60]), None);
}

proptest::proptest! {
    #[test]
    fn forged_and_cut_packets_are_refused_and_leave_the_stream_alone(which in 0_usize..4, place in 0_usize..1_000, byte in 1_u8.., cut in 0_usize..50) {
        let (suite, master) = &suites()[which];
        let (mut ours, mut theirs) = both(*suite, master);
        let first = sealed(&mut ours, &packet(1, &[7; 20]));
        proptest::prop_assert!(opened(&mut theirs, &first).is_some());
        let good = sealed(&mut ours, &packet(2, &[7; 20]));
        let mut bad = good.clone();
        let place = place % bad.len();
        bad[place] ^= byte;
        proptest::prop_assert_eq!(opened(&mut theirs, &bad), None);
        proptest::prop_assert_eq!(opened(&mut theirs, &good[..good.len().min(cut)]).is_some(), cut >= good.len());
        let mut rtcp = good.clone();
        proptest::prop_assert_eq!(theirs.open_rtcp(&mut rtcp), None);
        if cut < good.len() {
            proptest::prop_assert!(opened(&mut theirs, &good).is_some());
        }
    }
}
