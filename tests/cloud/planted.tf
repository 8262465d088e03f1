# One bad resource per main type: checkov must name each of them.
resource "aws_security_group" "open" {
  description = "planted"
  ingress {
    description = "planted"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_vpc_security_group_ingress_rule" "open" {
  security_group_id = aws_security_group.open.id
  ip_protocol       = "tcp"
  from_port         = 3389
  to_port           = 3389
  cidr_ipv4         = "0.0.0.0/0"
}
resource "aws_subnet" "public" {
  vpc_id                  = "vpc-planted"
  map_public_ip_on_launch = true
}
resource "aws_kms_key" "fixed" {
  enable_key_rotation = false
}
resource "aws_s3_bucket" "bare" {
  bucket = "planted"
}
resource "aws_rds_cluster" "plain" {
  engine            = "aurora-postgresql"
  storage_encrypted = false
}
resource "aws_rds_cluster_instance" "public" {
  cluster_identifier  = aws_rds_cluster.plain.id
  engine              = "aurora-postgresql"
  instance_class      = "db.r7g.large"
  publicly_accessible = true
}
resource "aws_elasticache_replication_group" "plain" {
  description                = "planted"
  transit_encryption_enabled = false
  at_rest_encryption_enabled = false
}
resource "aws_mq_broker" "public" {
  broker_name         = "planted"
  engine_type         = "RabbitMQ"
  engine_version      = "3.8"
  host_instance_type  = "mq.t3.micro"
  publicly_accessible = true
}
resource "aws_eks_cluster" "open" {
  name     = "planted"
  role_arn = "arn:aws:iam::123456789012:role/planted"
  vpc_config {
    endpoint_public_access = true
    public_access_cidrs    = ["0.0.0.0/0"]
  }
}
resource "aws_ecr_repository" "mutable" {
  name                 = "planted"
  image_tag_mutability = "MUTABLE"
}
resource "aws_iam_role_policy" "everything" {
  role   = "planted"
  policy = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}]}"
}
resource "aws_lb_listener" "plain" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/planted/1"
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "forward"
  }
}
resource "aws_cloudfront_distribution" "plain" {
  enabled = true
  default_cache_behavior {
    viewer_protocol_policy = "allow-all"
    target_origin_id       = "planted"
    allowed_methods        = ["GET"]
    cached_methods         = ["GET"]
  }
}
resource "aws_cloudwatch_log_group" "endless" {
  name = "planted"
}
