//! Whether it is the name that is filtered, the address, or neither: `ClientHello`s that differ in one thing alone.

use super::Case;
use super::hello::greet;
use super::pace::Pace;
use crate::outcome::{AddressTried, NameControl, NameTried};
use crate::probe::wire::{Padding, client_hello};

/// Three hellos, side by side.
pub(super) async fn compare(case: &Case, pace: Pace) -> Option<NameControl> {
    if !case.fails_at_tls() {
        return None;
    }
    let (other_name, no_name, other_address) = tokio::join!(
        with_other_name(case, pace),
        greet(
            case.address,
            client_hello(None, Padding::None),
            pace.answer()
        ),
        to_other_address(case, pace),
    );
    let compared = NameControl {
        other_name,
        no_name,
        other_address,
    };
    (compared != NameControl::default()).then_some(compared)
}

async fn with_other_name(case: &Case, pace: Pace) -> Option<NameTried> {
    let name = case.control.as_ref()?.name()?;
    let hello = client_hello(Some(name), Padding::None);
    let answer = greet(case.address, hello, pace.answer()).await?;
    Some(NameTried {
        name: name.to_owned(),
        answer,
    })
}

async fn to_other_address(case: &Case, pace: Pace) -> Option<AddressTried> {
    let (name, address) = (case.name()?, case.control.as_ref()?.address);
    let hello = client_hello(Some(name), Padding::None);
    let answer = greet(address, hello, pace.answer()).await?;
    Some(AddressTried { address, answer })
}
