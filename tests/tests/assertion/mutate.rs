//! Changes to a certificate: bytes that flip, and a tree of elements that is cut, grafted and
//! written in forms that DER does not allow.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rand::Rng;
use rand::rngs::StdRng;

/// How an element's length is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Shortest,
    Longer,
    Indefinite,
}

/// An element of the tree.
#[derive(Clone)]
pub(crate) struct Node {
    tag: u8,
    form: Form,
    body: Body,
}

#[derive(Clone)]
enum Body {
    Bytes(Vec<u8>),
    /// Elements behind some octets that are not: the unused-bits octet of a BIT STRING, or none.
    Nodes(Vec<u8>, Vec<Node>),
}

/// Reads elements to the end; `None` if they are not DER.
fn parse(mut bytes: &[u8]) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while let [tag, first, after @ ..] = bytes {
        let (length, content) = match first {
            0..=0x7f => (usize::from(*first), after),
            0x81 => (usize::from(*after.first()?), &after[1..]),
            0x82 => (
                usize::from(*after.first()?) << 8 | usize::from(*after.get(1)?),
                &after[2..],
            ),
            _ => return None,
        };
        let (value, rest) = content.split_at_checked(length)?;
        nodes.push(Node {
            tag: *tag,
            form: Form::Shortest,
            body: body(*tag, value)?,
        });
        bytes = rest;
    }
    bytes.is_empty().then_some(nodes)
}

fn body(tag: u8, value: &[u8]) -> Option<Body> {
    const OCTET_STRING: u8 = 0x04;
    const BIT_STRING: u8 = 0x03;
    let inside = |prefix: &[u8], rest: &[u8]| {
        parse(rest)
            .filter(|nodes| !nodes.is_empty())
            .map(|nodes| Body::Nodes(prefix.to_vec(), nodes))
    };
    if tag & 0x20 != 0 {
        return Some(Body::Nodes(Vec::new(), parse(value)?));
    }
    let wrapped = match (tag, value) {
        (OCTET_STRING, value) => inside(&[], value),
        (BIT_STRING, [0, rest @ ..]) => inside(&[0], rest),
        _ => None,
    };
    Some(wrapped.unwrap_or_else(|| Body::Bytes(value.to_vec())))
}

impl Node {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut nodes = parse(bytes).expect("DER");
        nodes.pop().expect("one element")
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let content = match &self.body {
            Body::Bytes(bytes) => bytes.clone(),
            Body::Nodes(prefix, nodes) => {
                let nodes = nodes.iter().flat_map(Self::encode);
                prefix.iter().copied().chain(nodes).collect()
            }
        };
        let mut bytes = vec![self.tag];
        match self.form {
            Form::Shortest => bytes.extend(length_octets(content.len())),
            Form::Longer => {
                let length = u32::try_from(content.len()).expect("a small certificate");
                bytes.push(0x84);
                bytes.extend(length.to_be_bytes());
            }
            Form::Indefinite => bytes.push(0x80),
        }
        bytes.extend(content);
        if self.form == Form::Indefinite {
            bytes.extend([0, 0]);
        }
        bytes
    }

    pub(crate) fn children(&mut self) -> &mut Vec<Self> {
        match &mut self.body {
            Body::Nodes(_, nodes) => nodes,
            Body::Bytes(_) => panic!("an element without elements"),
        }
    }

    fn count(&self) -> usize {
        match &self.body {
            Body::Bytes(_) => 1,
            Body::Nodes(_, nodes) => 1 + nodes.iter().map(Self::count).sum::<usize>(),
        }
    }

    /// The parent and the position of the element that is the `index`th below this one.
    fn locate(&mut self, index: usize) -> (&mut Vec<Self>, usize) {
        let Body::Nodes(_, nodes) = &mut self.body else {
            panic!("nothing below")
        };
        let mut index = index;
        let mut position = 0;
        while index > 0 {
            let count = nodes[position].count();
            if index < count {
                return nodes[position].locate(index - 1);
            }
            index -= count;
            position += 1;
        }
        (nodes, position)
    }
}

fn length_octets(length: usize) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(length @ 0..=0x7f) => vec![length],
        Ok(length) => vec![0x81, length],
        Err(_) => {
            let length = u16::try_from(length).expect("a small certificate");
            [&[0x82][..], &length.to_be_bytes()].concat()
        }
    }
}

/// Changes one to three elements somewhere below `root`.
pub(crate) fn change_tree(root: &mut Node, rng: &mut StdRng) {
    for _ in 0..rng.random_range(1..=3) {
        let below = root.count() - 1;
        if below == 0 {
            return;
        }
        let graft = {
            let (siblings, position) = root.locate(rng.random_range(0..below));
            siblings[position].clone()
        };
        let (siblings, position) = root.locate(rng.random_range(0..below));
        change_element(siblings, position, graft, rng);
    }
}

fn change_element(siblings: &mut Vec<Node>, position: usize, graft: Node, rng: &mut StdRng) {
    const TAGS: [u8; 16] = [
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x30, 0x31, 0x80, 0xa0,
        0xa3,
    ];
    match rng.random_range(0..16) {
        0 => {
            siblings.remove(position);
        }
        1 => siblings.insert(position, siblings[position].clone()),
        2 => {
            let other = rng.random_range(0..siblings.len());
            siblings.swap(position, other);
        }
        3 => siblings[position] = graft,
        4 => siblings.insert(position, graft),
        5 => siblings[position].tag = TAGS[rng.random_range(0..TAGS.len())],
        6 => siblings[position].form = Form::Longer,
        7 => siblings[position].form = Form::Indefinite,
        8 => siblings.insert(position, boolean(rng)),
        9 => siblings.push(extension(rng)),
        _ => change_content(&mut siblings[position].body, rng),
    }
}

fn boolean(rng: &mut StdRng) -> Node {
    let value = [0xff, 0x00, 0x01][rng.random_range(0..3)];
    Node {
        tag: 0x01,
        form: Form::Shortest,
        body: Body::Bytes(vec![value]),
    }
}

/// One more extension: a basicConstraints, a subjectAltName or an unknown one.
fn extension(rng: &mut StdRng) -> Node {
    let bytes: &[u8] = match rng.random_range(0..4) {
        0 => b"\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff",
        1 => b"\x30\x09\x06\x03\x55\x1d\x13\x04\x02\x30\x00",
        2 => b"\x30\x0f\x06\x03\x55\x1d\x11\x04\x08\x30\x06\x82\x04test",
        _ => b"\x30\x0a\x06\x04\x2a\x03\x04\x05\x04\x02\x05\x00",
    };
    Node::parse(bytes)
}

fn change_content(body: &mut Body, rng: &mut StdRng) {
    let bytes = match body {
        Body::Bytes(bytes) => bytes,
        Body::Nodes(_, nodes) => {
            // a constructed element is emptied or turned around, or an element in it is changed
            match rng.random_range(0..8) {
                0 => nodes.clear(),
                1 => nodes.reverse(),
                _ if nodes.is_empty() => {}
                _ => {
                    let position = rng.random_range(0..nodes.len());
                    change_content(&mut nodes[position].body, rng);
                }
            }
            return;
        }
    };
    match rng.random_range(0..8) {
        0 => bytes.clear(),
        1 => {
            bytes.pop();
        }
        2 => bytes.push(rng.random()),
        3 => bytes.insert(0, [0x00, 0xff][rng.random_range(0..2)]),
        _ => flip(bytes, rng),
    }
}

/// Flips a bit, puts another byte, or adds or subtracts one, as a digit would change.
pub(crate) fn flip(bytes: &mut [u8], rng: &mut StdRng) {
    if bytes.is_empty() {
        return;
    }
    let byte = &mut bytes[rng.random_range(0..bytes.len())];
    *byte = match rng.random_range(0..4) {
        0 => rng.random(),
        1 => byte.wrapping_add(1),
        2 => byte.wrapping_sub(1),
        _ => *byte ^ 1 << rng.random_range(0..8),
    };
}

/// An authority whose key this test has.
pub(crate) struct Issuer {
    key: RsaKeyPair,
    pub(crate) authority: Vec<u8>,
    /// The certificate before any change.
    pub(crate) ordinary: Node,
}

impl Issuer {
    /// The authority and the card are given with their certificates; the authority's key gives way
    /// to one that was made for this test, always the same so that every run judges the same.
    pub(crate) fn new(authority: &[u8], card: &[u8]) -> Self {
        let key =
            RsaKeyPair::from_pkcs8(include_bytes!("mutation_authority_key.pk8")).expect("a key");
        let mut root = Node::parse(authority);
        let bits = &mut root.children()[0].children()[6].children()[1].body;
        *bits = Body::Bytes([&[0], key.public_key().as_ref()].concat());
        let mut issuer = Self {
            key,
            authority: Vec::new(),
            ordinary: Node::parse(card),
        };
        issuer.sign(&mut root);
        issuer.authority = root.encode();
        let mut ordinary = issuer.ordinary.clone();
        issuer.sign(&mut ordinary);
        issuer.ordinary = ordinary;
        issuer
    }

    /// Signs the certificate anew, whatever its signed part has become.
    pub(crate) fn sign(&self, certificate: &mut Node) {
        let signed = certificate.children()[0].encode();
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                &signed,
                &mut signature,
            )
            .expect("a signature");
        certificate.children()[2].body = Body::Bytes([&[0][..], &signature].concat());
    }
}
