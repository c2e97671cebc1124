//! How requests are spread over a service's servers, and what of it a load balancer on AWS has.

use super::Rules;
use crate::spec::{Algorithm, Balance};

/// Checks the `balance` of the service at `path`.
pub fn check(rules: &mut Rules<'_>, path: &str, balance: &Balance) {
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
    let plain = balance.algorithm.unweighted();
    if let Some(plain) = plain {
        let (name, plain) = (balance.algorithm.name(), plain.name());
        let message = format!(
            "{path}.balance.algorithm is {name}, and an Application Load Balancer has no weights for single servers"
        );
        let help = format!(
            "write `{plain}`: all servers of a service have the same instance type. `weight` divides requests between \
             services with the same paths. HAProxy has {name}; scalectl does not deploy it as a load balancer"
        );
        rules.say(&format!("{path}.balance.algorithm"), message, &help);
    }
    if balance.slow_start > 0 && plain.unwrap_or(balance.algorithm) != Algorithm::RoundRobin {
        let message = format!("{path}.balance.slow_start works with round-robin only");
        let help = "set `algorithm: round-robin`, or leave out slow_start";
        rules.say(&format!("{path}.balance"), message, help);
    }
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health.html
    if (1..30).contains(&balance.slow_start) {
        let message = format!(
            "{path}.balance.slow_start is {}, below 30",
            balance.slow_start
        );
        rules.say(
            &format!("{path}.balance.slow_start"),
            message,
            "set 30 to 900, or 0",
        );
    }
}
