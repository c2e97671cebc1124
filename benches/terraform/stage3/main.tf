# Stage 3: a load balancer over a group of servers, with a database. blueprints/modules/site.yaml is the same.
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

locals { zones = { a = 0, b = 1 } }

resource "aws_vpc" "vpc" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_internet_gateway" "igw" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "public" {
  for_each          = local.zones
  vpc_id            = aws_vpc.vpc.id
  availability_zone = "us-east-1${each.key}"
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, each.value)
}

resource "aws_subnet" "private" {
  for_each          = local.zones
  vpc_id            = aws_vpc.vpc.id
  availability_zone = "us-east-1${each.key}"
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, each.value + 10)
}

resource "aws_route_table" "rt" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route" "route" {
  route_table_id         = aws_route_table.rt.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.igw.id
}

resource "aws_route_table_association" "rta" {
  for_each       = local.zones
  route_table_id = aws_route_table.rt.id
  subnet_id      = aws_subnet.public[each.key].id
}

resource "aws_security_group" "alb" {
  name        = "bench-alb"
  description = "The load balancer"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_security_group" "app" {
  name        = "bench-app"
  description = "The servers"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_security_group" "data" {
  name        = "bench-data"
  description = "The database"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_vpc_security_group_ingress_rule" "http" {
  security_group_id = aws_security_group.alb.id
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "app" {
  security_group_id            = aws_security_group.app.id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  referenced_security_group_id = aws_security_group.alb.id
}

resource "aws_vpc_security_group_ingress_rule" "data" {
  security_group_id            = aws_security_group.data.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.app.id
}

resource "aws_lb" "alb" {
  name               = "bench"
  load_balancer_type = "application"
  subnets            = [for s in aws_subnet.public : s.id]
  security_groups    = [aws_security_group.alb.id]
  depends_on         = [aws_route.route]
}

resource "aws_lb_target_group" "tg" {
  name     = "bench"
  port     = 80
  protocol = "HTTP"
  vpc_id   = aws_vpc.vpc.id
  health_check { path = "/healthz" }
}

resource "aws_lb_listener" "listener" {
  load_balancer_arn = aws_lb.alb.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.tg.arn
  }
}

resource "aws_launch_template" "lt" {
  name                   = "bench"
  image_id               = "ami-12c6146b"
  instance_type          = "t3.small"
  vpc_security_group_ids = [aws_security_group.app.id]
}

resource "aws_autoscaling_group" "asg" {
  name                      = "bench"
  min_size                  = 2
  max_size                  = 6
  vpc_zone_identifier       = [for s in aws_subnet.private : s.id]
  target_group_arns         = [aws_lb_target_group.tg.arn]
  health_check_type         = "ELB"
  health_check_grace_period = 300
  # Terraform waits for healthy targets, which no emulator has; we do not wait for them either.
  wait_for_capacity_timeout = "0"
  launch_template {
    id      = aws_launch_template.lt.id
    version = aws_launch_template.lt.latest_version
  }
  depends_on = [aws_lb_listener.listener]
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = "bench"
  autoscaling_group_name = aws_autoscaling_group.asg.name
  policy_type            = "TargetTrackingScaling"
  target_tracking_configuration {
    predefined_metric_specification { predefined_metric_type = "ASGAverageCPUUtilization" }
    target_value = 50
  }
  # moto tells both otherwise than AWS does.
  lifecycle {
    ignore_changes = [enabled, predictive_scaling_configuration]
  }
}

resource "aws_db_subnet_group" "db" {
  name        = "bench"
  description = "Private subnets"
  subnet_ids  = [for s in aws_subnet.private : s.id]
}

resource "aws_db_parameter_group" "db" {
  name        = "bench"
  family      = "postgres16"
  description = "The database's settings"
}

resource "aws_db_instance" "db" {
  identifier              = "bench"
  engine                  = "postgres"
  engine_version          = "16.15"
  instance_class          = "db.t4g.small"
  allocated_storage       = 20
  storage_type            = "gp3"
  storage_encrypted       = true
  username                = "app"
  password                = "bench-only-password"
  multi_az                = true
  db_subnet_group_name    = aws_db_subnet_group.db.name
  parameter_group_name    = aws_db_parameter_group.db.name
  vpc_security_group_ids  = [aws_security_group.data.id]
  backup_retention_period = 7
  skip_final_snapshot     = true
}

resource "aws_route53_zone" "zone" {
  name = "bench.example.com"
}

resource "aws_route53_record" "record" {
  zone_id = aws_route53_zone.zone.zone_id
  name    = "bench.example.com"
  type    = "A"
  alias {
    name                   = aws_lb.alb.dns_name
    zone_id                = aws_lb.alb.zone_id
    evaluate_target_health = true
  }
}

resource "aws_cloudwatch_log_group" "web" {
  name              = "/bench/web"
  retention_in_days = 30
}
