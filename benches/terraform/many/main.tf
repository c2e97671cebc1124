# GROUPS security groups and RECORDS records; the script puts the numbers in. blueprints/modules/many.yaml is the same.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

resource "aws_vpc" "vpc" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_security_group" "group" {
  count       = GROUPS
  name        = "group-${count.index}"
  description = "Group ${count.index}"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_route53_zone" "zone" {
  name = "many.example.com"
}

resource "aws_route53_record" "record" {
  count   = RECORDS
  zone_id = aws_route53_zone.zone.zone_id
  name    = "host-${count.index}.many.example.com"
  type    = "A"
  ttl     = 300
  records = ["10.0.0.${count.index % 250 + 1}"]
}
