//! Finds the address of a visitor, who may come through proxies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

/// The proxies that may say in `X-Forwarded-For` for whom they ask.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads networks (`10.0.0.0/8`) and addresses, separated by white space. Returns `None` if one
    /// is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let networks = text.split_whitespace().map(|it| {
            let address = || it.parse().map(|address: IpAddr| IpNet::from(address));
            it.parse().or_else(|_| address()).ok().map(canonical)
        });
        networks.collect::<Option<_>>().map(Self)
    }

    /// Returns the addresses of this machine.
    pub(crate) fn loopback() -> Self {
        let v4 = IpNet::new_assert(Ipv4Addr::LOCALHOST.into(), 8);
        Self(vec![v4, IpNet::from(IpAddr::from(Ipv6Addr::LOCALHOST))])
    }

    /// Adds other proxies.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Returns the address of a visitor: that of the peer, or, if that is a trusted proxy, the
    /// rightmost one in `X-Forwarded-For` that is no trusted proxy. Those to the left of it may be
    /// forged. If there is none, or something else is in its place, it is that of the peer.
    pub(crate) fn visitor<'a>(
        &self,
        peer: IpAddr,
        forwarded_for: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let from_the_right = forwarded_for
            .rev()
            .flat_map(|line| line.rsplit(|byte| *byte == b','))
            .map(parse_address);
        for address in from_the_right {
            match address {
                Some(address) if self.trusts(address) => {}
                Some(address) => return address,
                None => return peer,
            }
        }
        peer
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Returns a network of IPv4-mapped addresses (`::ffff:10.0.0.0/104`) as the network of IPv4 that it is,
/// because addresses are compared in that form.
fn canonical(network: IpNet) -> IpNet {
    let bits = network.prefix_len().checked_sub(96);
    match (network.addr().to_canonical(), bits) {
        (address @ IpAddr::V4(_), Some(bits)) => IpNet::new(address, bits).unwrap_or(network),
        _ => network,
    }
}

/// Reads an address, which some proxies write with a port.
fn parse_address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?.trim();
    let in_brackets = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let address = in_brackets.unwrap_or(text).parse::<IpAddr>();
    let address = address.or_else(|_| text.parse().map(|it: SocketAddr| it.ip()));
    Some(address.ok()?.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(trusted: &TrustedProxies, peer: &str, lines: &[&str], expected: &str) {
        let lines = lines.iter().map(|line| line.as_bytes());
        let visitor = trusted.visitor(peer.parse().expect("an address"), lines);
        assert_eq!(visitor.to_string(), expected);
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_the_rightmost_other_address() {
        let trusted = TrustedProxies::parse("127.0.0.0/8 ::1").expect("good");
        for (peer, lines, expected) in [
            ("127.0.0.1", &[][..], "127.0.0.1"),
            ("127.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("127.1.2.3", &["203.0.113.7"], "203.0.113.7"),
            ("::1", &["203.0.113.7"], "203.0.113.7"),
            ("::ffff:127.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("192.0.2.1", &["203.0.113.7"], "192.0.2.1"),
            ("::2", &["203.0.113.7"], "::2"),
            ("::ffff:192.0.2.1", &["203.0.113.7"], "192.0.2.1"),
            ("127.0.0.1", &["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            ("127.0.0.1", &["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
            (
                "127.0.0.1",
                &["198.51.100.1,203.0.113.7,127.0.0.9"],
                "203.0.113.7",
            ),
            (
                "127.0.0.1",
                &["203.0.113.7", "127.0.0.9", "::1"],
                "203.0.113.7",
            ),
            ("127.0.0.1", &["127.0.0.9"], "127.0.0.1"),
            ("127.0.0.1", &["203.0.113.7:4711"], "203.0.113.7"),
            ("127.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("127.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("127.0.0.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
            ("127.0.0.1", &[""], "127.0.0.1"),
            ("127.0.0.1", &["203.0.113.7, unknown"], "127.0.0.1"),
            ("127.0.0.1", &["203.0.113.7,"], "127.0.0.1"),
            ("127.0.0.1", &["unknown, 203.0.113.7"], "203.0.113.7"),
            ("127.0.0.1", &["203.0.113.07"], "127.0.0.1"),
            ("127.0.0.1", &["203.0.113.7:x"], "127.0.0.1"),
            ("127.0.0.1", &["203.0.113"], "127.0.0.1"),
            ("127.0.0.1", &["\"203.0.113.7\""], "127.0.0.1"),
        ] {
            check(&trusted, peer, lines, expected);
        }
    }

    #[test]
    fn a_network_of_mapped_v4_addresses_is_that_of_v4() {
        let text = "::ffff:10.0.0.1 ::ffff:192.0.2.0/120 ::ffff:203.0.113.1/128";
        let trusted = TrustedProxies::parse(text).expect("good");
        for peer in ["10.0.0.1", "::ffff:10.0.0.1", "192.0.2.255", "203.0.113.1"] {
            check(&trusted, peer, &["198.51.100.1"], "198.51.100.1");
        }
        for peer in ["10.0.0.2", "192.0.3.0", "203.0.113.0"] {
            check(&trusted, peer, &["198.51.100.1"], peer);
        }
        let all = TrustedProxies::parse("::ffff:0:0/96").expect("good");
        check(&all, "10.0.0.1", &["192.0.2.1"], "10.0.0.1");
        check(&all, "10.0.0.1", &["2001:db8::1"], "2001:db8::1");
    }

    #[test]
    fn given_networks_replace_the_default() {
        let trusted = TrustedProxies::parse(" 10.0.0.0/8\n192.0.2.1 2001:db8::/32").expect("good");
        let lines = &["203.0.113.7, 10.2.3.4, 192.0.2.1"];
        check(&trusted, "10.1.1.1", lines, "203.0.113.7");
        check(&trusted, "2001:db8:1::", lines, "203.0.113.7");
        check(&trusted, "127.0.0.1", lines, "127.0.0.1");
        check(&trusted, "192.0.2.2", lines, "192.0.2.2");
        for bad in [
            "localhost",
            "10.0.0.0/33",
            "10.0.0.0/8,::1",
            "10.0.0.0/",
            "10/8",
        ] {
            assert!(TrustedProxies::parse(bad).is_none(), "{bad}");
        }
    }
}
