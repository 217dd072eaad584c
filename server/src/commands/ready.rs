//! `ready`: asks the server that runs here whether it is ready, for a container without any other program.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use super::Trouble;
use crate::configuration::Configuration;
use crate::health;

const PATIENCE: Duration = Duration::from_secs(4);

pub(super) async fn run(configuration: &Configuration) -> Result<ExitCode, Trouble> {
    let address = reached(configuration.address);
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let asked = client.get(format!("http://{address}{}", health::READY)).send().await;
    let answer = asked.map_err(|error| format!("nobody answers on {address}: {error}"))?;
    let well = answer.status().is_success();
    println!("{}", answer.text().await?);
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where a server is reached that listens on all addresses.
fn reached(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

#[cfg(test)]
mod tests {
    use super::reached;

    #[test]
    fn a_server_on_all_addresses_is_reached_on_its_own() {
        for (listens, at) in
            [("0.0.0.0:3000", "127.0.0.1:3000"), ("[::]:80", "[::1]:80"), ("10.0.0.7:1", "10.0.0.7:1")]
        {
            assert_eq!(reached(listens.parse().expect("an address")), at.parse().expect("an address"));
        }
    }
}
