//! The twins of IIS, each through one test suite: the simulation, IIS Express, full IIS with Web Deploy and without it.
//!
//! `suite` says what each of them must do, `own` what only one of them does; `twins` makes them, `package` what they install. All
//! of it runs on Windows as well.

mod own;
mod package;
mod suite;
mod twins;

pub(crate) use package::{Package, RESPONDER};
pub(crate) use twins::simulated;

macro_rules! for_each_twin {
    ($($test:ident)*) => {
        mod with_the_simulation {
            $(#[test] fn $test() {
                let (_root, iis) = super::twins::simulated();
                super::suite::$test(&iis);
            })*
        }

        mod with_iis_express {
            $(#[test] fn $test() {
                let (_windows, iis) = super::twins::express();
                super::suite::$test(&iis);
            })*
        }

        mod with_full_iis {
            $(#[test] fn $test() {
                let full = super::twins::full(false);
                super::suite::$test(&full.iis);
            })*
        }

        mod with_full_iis_and_web_deploy {
            $(#[test] fn $test() {
                let full = super::twins::full(true);
                super::suite::$test(&full.iis);
            })*
        }
    };
}

for_each_twin! {
    installs_starts_and_answers
    what_was_not_done_is_told
    the_process_has_the_servers_surroundings
    many_requests_on_one_process_and_large_bodies
    an_install_again_changes_nothing_twice
    a_failed_install_leaves_the_last_good_one
    a_process_that_dies_at_the_start_shows_its_words_and_how_to_repeat_them
    a_process_that_hangs_at_the_start_is_given_up
    a_process_that_dies_or_hangs_in_a_request_is_told
    what_the_application_complains_of_is_kept
    uninstall_takes_everything_away
    parameters_are_filled_in_and_say_where_the_application_goes
    packages_that_are_none_are_refused
}
