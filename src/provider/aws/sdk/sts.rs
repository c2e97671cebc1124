//! Written by schemas/bind.py: names of members, AWS's and the SDK's.

use aws_sdk_sts as sdk;

use crate::provider::aws::convert::{operation};

operation!(get_caller_identity, "sts:GetCallerIdentity", [], ["UserId" user_id "Account" account "Arn" arn]);

