"""What AWS answers: networks, balancers, certificates and CDNs.

Shapes of ids and outputs: pages of the AWS provider for Terraform, "Attribute Reference".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from nexus.pulumi.clouds.answer import ID_DIGITS, Answer, Made, Values, joined, numbered


def _vpc(made: Made) -> Values:
    own = f"vpc-{made.hexadecimal(ID_DIGITS)}"
    return {
        "id": own,
        "arn": made.arn("ec2", f"vpc/{own}"),
        "defaultSecurityGroupId": f"sg-{made.hexadecimal(ID_DIGITS, 'default')}",
        "mainRouteTableId": f"rtb-{made.hexadecimal(ID_DIGITS, 'main')}",
    }


def _address(made: Made) -> Values:
    own = f"eipalloc-{made.hexadecimal(ID_DIGITS)}"
    last = int(made.hexadecimal(2), 16)
    return {"id": own, "allocationId": own, "publicIp": f"203.0.113.{last}"}


def _launch_template(made: Made) -> Values:
    own = f"lt-{made.hexadecimal(ID_DIGITS)}"
    return {
        "id": own,
        "arn": made.arn("ec2", f"launch-template/{own}"),
        "latestVersion": 1,
        "defaultVersion": 1,
    }


def _load_balancer(made: Made) -> Values:
    own = made.text("name")
    arn = made.arn("elasticloadbalancing", f"loadbalancer/app/{own}/{made.hexadecimal(16)}")
    return {
        "id": arn,
        "arn": arn,
        "dnsName": f"{own}-{int(made.hexadecimal(8), 16)}.{made.account.region}.elb.amazonaws.com",
        "zoneId": "Z215JYRZR1TBD5",
    }


def _target_group(made: Made) -> Values:
    own = made.text("name")
    arn = made.arn("elasticloadbalancing", f"targetgroup/{own}/{made.hexadecimal(16)}")
    return {"id": arn, "arn": arn}


def _listener(made: Made) -> Values:
    start = made.text("loadBalancerArn").replace(":loadbalancer/", ":listener/")
    arn = f"{start}/{made.hexadecimal(16)}"
    return {"id": arn, "arn": arn}


def _certificate(made: Made) -> Values:
    arn = made.arn("acm", f"certificate/{made.uuid()}")
    names = [made.text("domainName"), *(made.inputs.get("subjectAlternativeNames") or [])]
    options: list[Values] = []
    for name in dict.fromkeys(names):
        base = str(name)
        # The same for every certificate of an account.
        proof = f"{made.account.number} {base}".encode()
        token = hashlib.sha256(proof).hexdigest()[:32]
        options.append(
            {
                "domainName": name,
                "resourceRecordName": f"_{token}.{base}.",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": f"_{token[::-1]}.acm-validations.aws.",
            }
        )
    return {"id": arn, "arn": arn, "domainValidationOptions": options, "status": "ISSUED"}


def _distribution(made: Made) -> Values:
    own = f"E{made.hexadecimal(13).upper()}"
    return {
        "id": own,
        "arn": made.arn("cloudfront", f"distribution/{own}", everywhere=True),
        "domainName": f"d{made.hexadecimal(13)}.cloudfront.net",
        "hostedZoneId": "Z2FDTNDATAQYW2",
        "etag": f"E{made.hexadecimal(12, 'etag').upper()}",
        "status": "Deployed",
    }


def _plain(made: Made) -> Values:
    return {"id": made.uuid()}


def _web_acl(made: Made) -> Values:
    scope = "global" if made.text("scope") == "CLOUDFRONT" else "regional"
    own = made.uuid()
    arn = made.arn("wafv2", f"{scope}/webacl/{made.text('name')}/{own}")
    return {"id": own, "arn": arn, "capacity": 1000}


def _record(made: Made) -> Values:
    parts = (made.text(name) for name in ("zoneId", "name", "type", "setIdentifier"))
    return {"id": "_".join(filter(None, parts)), "fqdn": made.text("name")}


def _route(made: Made) -> Values:
    return {"id": f"{made.text('routeTableId')}_{made.text('destinationCidrBlock')}"}


AWS_EDGE: Mapping[str, Answer] = {
    "aws:acm/certificate:Certificate": Answer(_certificate),
    "aws:acm/certificateValidation:CertificateValidation": Answer(
        joined("certificateArn"), repeatable=True
    ),
    "aws:cloudfront/cachePolicy:CachePolicy": Answer(_plain, named="name", longest=128),
    "aws:cloudfront/distribution:Distribution": Answer(_distribution),
    "aws:cloudfront/originAccessControl:OriginAccessControl": Answer(
        _plain, named="name", longest=64
    ),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": Answer(
        _plain, named="name", longest=128
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Answer(
        numbered("sg", "ec2", "security-group"), repeatable=True
    ),
    "aws:ec2/eip:Eip": Answer(_address),
    "aws:ec2/flowLog:FlowLog": Answer(numbered("fl")),
    "aws:ec2/internetGateway:InternetGateway": Answer(numbered("igw", "ec2", "internet-gateway")),
    "aws:ec2/launchTemplate:LaunchTemplate": Answer(_launch_template, named="name"),
    "aws:ec2/natGateway:NatGateway": Answer(numbered("nat")),
    "aws:ec2/route:Route": Answer(
        _route, taken="RouteAlreadyExists: The route identified by {} already exists."
    ),
    "aws:ec2/routeTable:RouteTable": Answer(numbered("rtb", "ec2", "route-table")),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Answer(numbered("rtbassoc")),
    "aws:ec2/securityGroup:SecurityGroup": Answer(
        numbered("sg", "ec2", "security-group"), named="name"
    ),
    "aws:ec2/subnet:Subnet": Answer(numbered("subnet", "ec2", "subnet")),
    "aws:ec2/vpc:Vpc": Answer(_vpc),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Answer(numbered("vpce", "ec2", "vpc-endpoint")),
    "aws:lb/listener:Listener": Answer(_listener),
    "aws:lb/loadBalancer:LoadBalancer": Answer(_load_balancer, named="name", longest=32),
    "aws:lb/targetGroup:TargetGroup": Answer(_target_group, named="name", longest=32),
    "aws:route53/healthCheck:HealthCheck": Answer(_plain),
    "aws:route53/record:Record": Answer(
        _record,
        taken="InvalidChangeBatch: Tried to create resource record set {} but it already exists",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Answer(
        numbered("sgr", "ec2", "security-group-rule", also="securityGroupRuleId")
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Answer(
        numbered("sgr", "ec2", "security-group-rule", also="securityGroupRuleId")
    ),
    "aws:wafv2/webAcl:WebAcl": Answer(_web_acl, named="name", longest=128),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Answer(
        joined("webAclArn", "resourceArn"), repeatable=True
    ),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": Answer(
        joined("resourceArn"), repeatable=True
    ),
}
"""By Pulumi type."""
