"""A query for each form of the search's grammar, one a line, for the inventory of search_data.

Everything outside of ASCII is percent-encoded here, everything else stands as it is sent.
"""

from __future__ import annotations

import re
import string
from urllib.parse import quote

from search_data import ODD_TEXTS


def queries(kind: str, lines: str) -> list[tuple[str, str]]:
    """Return each line as a query for a kind."""
    return [(kind, quote(line, safe=string.punctuation)) for line in lines.split()]


def refused(kind: str, named: str, lines: str) -> list[tuple[str, str, str]]:
    """Return each line as a query for a kind that is refused with a word that must be named."""
    return [(*query, named) for query in queries(kind, lines)]


def descriptions(*values: str) -> list[tuple[str, str]]:
    """Return searches of nodes for descriptions, which are percent-encoded here."""
    return [("ComputeNode", f"description={quote(value, safe='')}") for value in values]


ODD_VALUES = [re.sub(r"([\\,*?\[\]])", r"\\\1", text) for text in ODD_TEXTS if text != "null"]

EXACT = """
    hostname=nid000001
    hostname=nid000001,nid000002
    hostname=nid000001&hostname=nid000002
    hostname=nid000001,nope,
    hostname=%6eid000001
    hostn%61me=nid000001
    &hostname=nid000001&&
    hostname=nid00000[1-5]&architecture=x86_64,arm64
    architecture=arm64
    arch=arm64
    arch=arm64,
    location_string=cabinet+1000%5C,+chassis%200%5C,+slot+0
"""
PATTERNS = r"""
    hostname=nid00000*
    hostname=nid00000?
    hostname=*0001
    hostname=n*0*1
    hostname=nid0000?0,nid00001?
    hostname=????????*1
    hostname=*i**d*?1
    hostname=?id*
    architecture=x86?64
    architecture=*64&architecture=a*
    xname=x1000c*n0
    description=*
    description=?
    description=??
    description=é
    description=*é
    description=*é*
    description=*%0A
    description=*%00*
    description=*.*
    description=*%25*
    description=*_*
    description=*'*
    description=*\**
    description=*\?*
    description=*\[*
    description=*\]*
    description=*\\*
    description=*\,*
"""
NUMBERS = """
    hostname=nid[000001-000010]
    hostname=nid[000001,000003-000005]
    hostname=nid0000[08-11]
    hostname=nid00[0000-1000]
    hostname=nid00000[1-12]
    hostname=nid0000[1-12]
    hostname=nid00000[7]
    hostname=nid0000[0-1][1-2]
    hostname=nid000[0-1]0[1-2]*
    hostname=nid[1-262143],nid000001
    hostname=nid000[0-1][00-99]*,nid00[00-55]*
    xname=x1000c[0-7]s[0-3]b0n[0-3]
    xname=x[1000-1001]c0s0b[0-1]n0
    ip=10.0.0.[1-9]
    boot_mac=02:00:5e:40:00:[01-20]
"""
SPELLINGS = """
    xname=x01000c00s000b0n00,x1000c0s0b0n1
    boot_mac=02-00-5E-40-00-01
    boot_mac=02:00:5E:40:00:01
    boot_mac=02-00-5E-*
    boot_mac=02005e400001
    boot_mac=0200.5E40.0001,2:0:5e:40:0:2
    boot_mac=02005e*
    boot_mac=0200.5e40.*
    boot_mac=02005e4000??
    boot_mac=*5e40*
    boot_mac=*e40.0001
    boot_mac=*0-1
    mac=02005e50*,0200.5e40.0001
    xname=X1000C0s00b0n*
    xname=x0001000c0s0b0n[0-1]
    xname=*s01b00n*
    bmc.xname=X9001c00s*
    boot_mac=??-00-5E-40*
    boot_ipv6_address=FD00:0:0::9:1
    boot_ipv6_address=FD00*
    bmc.xname=x09001c0s0b00
    bmc_mac=02-00-5e-50-00-02
    boot_data.id=6A2B6C1E-0B7D-4C53-9D0E-5D2A8F0C1B11
    boot_data.id=6A2B*
    status.power_state.last_updated=2026-11-23T18:20:00Z
    status.power_state.last_updated=2026-06-30T12:00:00-08:00,2026-01-01t00:00:00.5%2B01:00
    status.power_state.last_updated=2026-01-01T00:00:00.0000019z
    status.power_state.last_updated=2000-01-01T00:00:00Z
"""
PLACES = """
    bmc.xname=x1000c0s0b0
    network_interfaces.interface_name=eth0&boot_ipv4_address=10.0.0.?
    network_interfaces.mac_address=02:00:5e:40:00:02
    network_interfaces.manufacturer=HPE
    network_interfaces.manufacturer!=HPE
    spec.network_interfaces.serial=S1
    spec.hostname=nid*
    status.power_state.on=true
    status.power_state.on=false
    status.power_state.on!=true
    status.boot_configuration.boot_data.kernel_url=http://*/vmlinuz
    ip=10.9.0.1
    ip=FD00::9:1
    ip=10.0.0.*
    ip=fd00:1:*
    ip!=10.*
    ip=172.16.0.1
    ip=10.128.0.1,10.0.0.1
    mac=02:00:5e:40:00:0[1-2]
    mac=02-00-5E-4?-*
    mac!=02:00:5e:40:00:02
    mac=02:00:5e:50:00:02,02:00:5e:40:00:02
"""
COLLECTIONS = r"""
    collection=west
    collection=west,east
    collection=west&collection=east
    collection!=west
    collection=*st
    collection=null
    collection!=null
    collection=null,west
    collection=\null
    collection=日本
    collection=ä%20n
    collection=?*
    collection=a\,b
    collection=a\*b
    collection=\[x\]
    collection=\[*
    collection=back\\slash
    collection!=null,west,east
    collection=west&collection!=a*&xname!=null
    collection[gt]=v
    collection[lt]=f
"""
ABSENCE = """
    xname=null
    xname!=null
    description=null
    description=null,login
    description!=null,login
    description!=login
    description!=*e*&description!=null
    network_interfaces=null
    network_interfaces!=null
    network_interfaces.extended_data!=null
    network_interfaces.ipv6_address=null
    bmc=null
    bmc.xname=null
    spec!=null
    status=null
    boot_data!=null
    status.power_state=null&status!=null
    status.boot_configuration.last_updated!=null
    ip=null
    mac=null
    missingXName=true
    missingBootMAC=true
    missingBMCMAC=true
    missingIPV4=true
    missingIPV6=true
    missingXName=true&missingIPV6=true&missingBootMAC=false
    hostname!=nid*
"""
COMPARISONS = """
    hostname[gt]=nid000100
    hostname[ge]=nid000100
    hostname[lt]=nid000100
    hostname[le]=nid000100
    hostname[ge]=nid000010&hostname[lt]=nid000020
    hostname%5Bgt%5D=nid000100,nid000200
    hostname[le]=nid00010[0-3]
    hostname[gt]=nid000100&hostname!=nid000101&arch=arm64&description=null
    description[gt]=é
    description[lt]=￿
    description[ge]=
    description[gt]=\\null
    xname[gt]=x1000c0s7b1n3
    xname[lt]=x01000c0s2b0n0
    boot_mac[lt]=80-00-00-00-00-00
    ip[gt]=fd00:1::
    ip[lt]=10.0.0.2
    network_interfaces.ipv4_address[ge]=172.16.0.9
    boot_ipv4_address[ge]=10.0.0.9&boot_ipv4_address[le]=10.0.0.100
    boot_ipv4_address[ge]=10.0.0.2&boot_ipv4_address[lt]=10.0.0.11&sort=boot_ipv4_address
    sort=-boot_ipv4_address&limit=50
    sort=boot_ipv6_address,xname&nid!=null
    sort=-xname&hostname=nid*
    xname[ge]=x1000c0s2b0n0&xname[lt]=x1000c0s10b0n0
    ip[le]=10.9.1.9
    ip[ge]=fd00:9::9&ip[lt]=fd00:9::20
    network_interfaces.ip_addresses.ip_address[gt]=10.9.2.255
    network_interfaces.ip_addresses.ip_address[gt]=fd00:9::f
    nid[ge]=9&nid[lt]=50&sort=-nid,hostname
    sort=bmc.xname,bmc.ipv4_address&labels!=null
    status.power_state.last_updated[ge]=2026-01-01T00:00:00Z
    status.power_state.last_updated[lt]=2000-01-01T00:00:01Z
"""
HARDWARE = """
    ip=10.9.0.0/16
    ip=10.9.1.7/23
    ip=10.0.0.0/28,fd00:9::/124
    ip!=10.0.0.0/8
    ip=0.0.0.0/0
    ip=::/0
    ip=10.9.[0-3/2].0/24
    boot_ipv4_address=10.0.0.0/24
    boot_ipv4_address!=10.0.0.0/25
    bmc.ipv4_address=10.128.0.128/26
    network_interfaces.ipv6_address=fd00::1:0/124
    network_interfaces.ip_addresses.ip_address=10.9.0.0/17
    boot_ipv4_address=10.0.0.0/24,null
    boot_ipv4_address=10.0.0.0/24,10.0.1.7,10.0.0.[1-9]
    hostname=nid0000[00-99/7]
    hostname=nid[000000-000200/50,000007]
    xname=x1000c[0-7/2]s[0-7/3]b0n0
    nid=[0-99/10]
    nid=7,null
    labels.rack=null&nid!=null
    labels.rack!=null
    labels.a.b=
    labels=null&nid=[1-50]
    network_interfaces.ip_addresses.network=HMN
    network_interfaces.ip_addresses=null&nid=[0-9]
"""
RESERVED = """
    sort=hostname&hostname=nid0000??
    sort=-hostname&hostname=nid0000??
    sort=architecture,-xname&hostname=nid0000??
    sort=description&xname=x1000c*
    sort=-description&xname=x1000c*
    sort=arch,bmc_mac&xname=x1000c0*
    sort=-status.power_state.last_updated,status.power_state.on&status!=null
    sort=-id&limit=7
    sort=bmc.xname&limit=50
    sort=hostname,-hostname&limit=50
    limit=1
    limit=100&hostname=nid00000?
    limit=9&hostname=nid00000?
    limit=8&hostname=nid00000?
    fields=hostname&hostname=nid00000?
    fields=hostname,id,bmc.xname&hostname=nid00000?
    fields=bmc&xname=x1000c0*
    fields=network_interfaces.ipv6_address,network_interfaces.interface_name&xname=x1000c*
    fields=network_interfaces.ipv6_address,network_interfaces.extended_data&description!=null
    fields=spec,spec.hostname&spec!=null
    fields=status.power_state.on,status.extended_data&status!=null
    fields=arch,bmc_mac&sort=-hostname&limit=5
    count=true&hostname=nid00000?
    count=true&limit=2&sort=hostname&fields=id&arch=arm64
    count=false&arch=arm64
"""
BMCS = """
    username=root&xname=x[000-005]c0s*
    username=null
    xname=x0001c000s1b1
    xname=null
    ip=10.200.0.[0-9]&mac=02:00:5e:60:*
    ip[ge]=10.200.0.1&description!=null&sort=-description,mac_address
    mac=02-00-5E-50-00-01
"""
NODE_COLLECTIONS = r"""
    type=Tenant
    type=TEN*,JOB
    node=X0001000c0s0b0n0,x9001c0s0b0n0
    type=tenant
    type=tenant,job&name!=null
    type=*t*&type!=tenant
    name=a\,b
    name=\null
    name=null,日本
    name=ä+n
    name[gt]=b&name[lt]=x
    node=x123c0s0b0n0
    nodes=x0123c00s0b0n0,x001c0s0b0n0
    nodes!=x*c0*
    nodes[ge]=x90000c0s0b0n0
    description=
    cloud_init_data=null
    cloud_init_data.=empty
    cloud_init_data.ä=é
    cloud_init_data.null=\null
    cloud_init_data.user-data=null
    cloud_init_data.user-data=%23cloud*
    cloud_init_data.meta.data.v1=v1
    cloud_init_data.meta.data.v1[lt]=v2
    cloud_init_data.a!!=null
    cloud_init_data.b[gt][ge]=5
    fields=name,cloud_init_data.meta.data.v1&cloud_init_data!=null
    creator_subject!=null&sort=type,-name&limit=4
"""
COMPONENTS = """
    ID=X03001C01
    ID=x3*
    Type=Node,NodeBMC
    Type=?o*
    Type[lt]=Chassis&sort=-Type,ID
    NID=7,0070
    NID=-5,9223372036854775807
    NID[lt]=0
    NID[ge]=[7-8]
    NID!=[0-100]
    Enabled=null
    Enabled=true&Locked!=true
    SoftwareStatus=*&sort=NID,-SoftwareStatus,UID
    UID=6A2B6C1E-0B7D-4C53-9D0E-5D2A8F0C1B12
    fields=Enabled,ID&sort=Enabled,-ID&ID=x*
"""

SELECTIVE = [
    *queries("ComputeNode", EXACT),
    *descriptions(*ODD_VALUES, r"\null", r"\n\u\l\l", r"a\,b,a\*b", "a,z"),
    *queries("ComputeNode", PATTERNS),
    *queries("ComputeNode", NUMBERS),
    *queries("ComputeNode", SPELLINGS),
    *queries("ComputeNode", PLACES),
    *queries("ComputeNode", COLLECTIONS),
    *queries("ComputeNode", ABSENCE),
    *queries("ComputeNode", COMPARISONS),
    *queries("ComputeNode", HARDWARE),
    *queries("ComputeNode", RESERVED),
    *queries("BMC", BMCS),
    *queries("NodeCollection", NODE_COLLECTIONS),
    *queries("Component", COMPONENTS),
]

EVERYTHING = [
    ("ComputeNode", ""),
    *queries(
        "ComputeNode",
        """
        &&
        hostname=*
        hostname!=null
        hostname!=nope
        hostname[ge]=
        missingXName=false
        collection=null,*
        xname=null,*
        ip!=1.2.3.4
        count=false
        limit=1000000000
        fields=id
        fields=bmc.xname
        sort=description
        sort=-bmc.description,xname
        """,
    ),
    *queries("NodeCollection", "cloud_init_data.nope=null creator_subject!=null"),
    *queries("Component", "Type!=null"),
]

NOTHING = [
    *queries(
        "ComputeNode",
        """
        hostname=nope
        hostname=null
        hostname!=*
        hostname=NID000001
        description=?́
        hostname=nid00000
        hostname=nid000001&hostname!=nid000001
        hostname=nid[0-9],nid[10-99]
        spec.hostname=null,x&spec.hostname!=null,x
        collection=nope
        missingHostname=true
        missingArch=true
        """,
    ),
    *queries("NodeCollection", "cloud_init_data.user=*"),
    ("NodeCollection", "nodes=null"),
]

REFUSED = [
    *refused("ComputeNode", "nope", "nope=x nope=null nope!=x nope[gt]=x nope nope="),
    *refused("ComputeNode", "hostname.x", "hostname.x=y"),
    *refused("ComputeNode", "bmc.", "bmc.=x"),
    *refused("ComputeNode", ".bmc", ".bmc=x"),
    *refused("ComputeNode", "bmc..xname", "bmc..xname=x"),
    *refused("ComputeNode", "Hostname", "Hostname=x"),
    *refused("ComputeNode", "node", "node=x1000c0s0b0n0"),
    *refused("ComputeNode", "network_interfaces.extended_data.n", "network_interfaces.extended_data.n=null"),
    *refused("ComputeNode", "hostname", "hostname[eq]=x hostname[GT]=x hostname!!=x hostname[gt]!=x hostname%3D=x"),
    *refused("ComputeNode", "", "=x = !=x [gt]=x"),
    *refused(
        "ComputeNode",
        "secret",
        """
        bmc.password=change-me
        bmc.password=
        bmc.password=null
        bmc.password!=null
        bmc.password[gt]=a
        spec.bmc_password=*
        sort=bmc.password
        sort=-spec.bmc_password,hostname
        fields=bmc.password
        fields=hostname,spec.bmc_password
        """,
    ),
    *refused("BMC", "secret", "password=c* password!=x password[le]=z password=null sort=password fields=password"),
    *refused("BMC", "secret", "password.x=y"),
    *refused("BMC", "arch", "arch=x"),
    *refused("BMC", "collection", "collection=x"),
    *refused("BMC", "missingXName", "missingXName=true"),
    *refused("Component", "ip", "ip=10.0.0.1"),
    *refused("NodeCollection", "mac", "mac=02:00:00:00:00:00"),
    *refused("ComputeNode", "", "hostname=% hostname=%4 hostname=%zz hostname=%FF %C3=x hostname=%ED%A0%80"),
    *refused("ComputeNode", "hostname", r"hostname=\ hostname=a\ hostname=a,\ hostname!=\ "),
    *refused("ComputeNode", "hostname", "hostname=[ hostname=a[ hostname=] hostname=a] hostname=[] hostname=[[1]]"),
    *refused("ComputeNode", "hostname", "hostname=[1 hostname=[a] hostname=[1,] hostname=[,1] hostname=[,]"),
    *refused("ComputeNode", "hostname", "hostname=[-1] hostname=[1-] hostname=[1-2,] hostname=a[1]]"),
    *refused("ComputeNode", "hostname", r"hostname=[2-1] hostname=[1-2-3] hostname=[1+] hostname=[1*] hostname=[\1]"),
    *refused("ComputeNode", "hostname", "hostname=[１] hostname=[1234567890] hostname=[1-1234567890]"),
    *refused("ComputeNode", "hostname", "hostname=[1-262145] hostname=[0-999][0-999] hostname!=[0-99][0-99][0-99]"),
    *refused("ComputeNode", "hostname", "hostname=[1-257]* hostname=[0-9][0-9][0-9]?"),
    *refused("ComputeNode", "hostname", "hostname=" + ",".join(["*"] * 257)),
    *refused("ComputeNode", "", "hostname=[1-200000]&description=[1-200000] hostname=[1-200]*&description=[1-200]*"),
    *refused("ComputeNode", "xname", "xname= xname=x xname=x1000c0s0b0 xname=x100000c0s0b0n0 xname=x1000c256s0b0n0"),
    *refused("ComputeNode", "xname", r"xname=x1000c0s0b0n0, xname=\null xname=x1000c0s0b0n0000000000"),
    *refused("ComputeNode", "hostname", "hostname=[0-20/0] hostname=[0-20/] hostname=[/5] hostname=[5/5] hostname=[0-9/1/1]"),
    *refused("ComputeNode", "hostname", "hostname=nid[1-9]!nid5 hostname=nid1%26nid2 hostname=a^b hostname=@rack1"),
    *refused("ComputeNode", "xname", "xname=x1000c0s0b0n0!x1000c0s1b0n0 xname=x1000c0s[0-3]b0n0%26x1000c0s1b0n0"),
    *refused("ComputeNode", "description", "description=[1-3]%26[2] description=a[1]^b"),
    *refused("ComputeNode", "ip", "ip=10.9.0.0/33 ip=10.9.0.0/ ip=10.9.0.0/x ip=fd00::/129 ip=10.9.0/16 ip=/16 ip=10.9.0.0/+8"),
    *refused("ComputeNode", "ip", "ip[ge]=10.9.0.0/16 ip=10.9.0.0/16/8 ip=10.9.0.0/-1"),
    *refused("ComputeNode", "xname", "xname=x1000c0s0b0n[255-256] xname[gt]=x1000 xname!=x1000"),
    *refused("ComputeNode", "boot_mac", "boot_mac=02:00:5e-40:00:01 boot_mac=02005e40000 boot_mac=x boot_mac="),
    *refused("ComputeNode", "boot_mac", "boot_mac=%2002005e400001 boot_mac=200.5e40.0001"),
    *refused(
        "ComputeNode",
        "boot_ipv4_address",
        "boot_ipv4_address=10.0.0 boot_ipv4_address=10.0.0.01 boot_ipv4_address=::1 boot_ipv4_address=10.0.0.256",
    ),
    *refused(
        "ComputeNode",
        "boot_ipv6_address",
        "boot_ipv6_address=10.0.0.1 boot_ipv6_address=fd00:::1 boot_ipv6_address=fe80::1%25lo",
    ),
    *refused("ComputeNode", "ip", "ip=x ip= ip=10.0.0.256"),
    *refused("ComputeNode", "mac", "mac=x mac="),
    *refused("ComputeNode", "id", "id=x id= id=6a2b6c1e0b7d4c539d0e5d2a8f0c1b11"),
    *refused("ComputeNode", "bmc_mac", "bmc_mac=x"),
    *refused(
        "ComputeNode",
        "status.power_state.on",
        """
        status.power_state.on=1
        status.power_state.on=TRUE
        status.power_state.on=t*
        status.power_state.on=
        status.power_state.on[gt]=false
        """,
    ),
    *refused(
        "ComputeNode",
        "status.power_state.last_updated",
        """
        status.power_state.last_updated=2026*
        status.power_state.last_updated=2026-11-23
        status.power_state.last_updated=2026-11-23T18:20:00+01:00
        status.power_state.last_updated=2026-02-29T00:00:00Z
        """,
    ),
    *refused("Component", "NID", "NID= NID=x NID=1.0 NID=1e3 NID=%2B1 NID=--1 NID=1? NID=* NID=0x1 NID=１"),
    *refused("Component", "Type", "Type=nodes Type= Type[gt]=M"),
    *refused("Component", "ID", "ID=x ID=1 ID="),
    *refused("NodeCollection", "type", "type=tenants type[gt]=m"),
    *refused("ComputeNode", "bmc", "bmc=x bmc= bmc=* bmc!=x bmc[gt]=null bmc[gt]=x"),
    *refused("ComputeNode", "network_interfaces", "network_interfaces=x network_interfaces=*"),
    *refused("ComputeNode", "network_interfaces.extended_data", "network_interfaces.extended_data={}"),
    *refused("NodeCollection", "cloud_init_data", "cloud_init_data=x cloud_init_data=*"),
    *refused("ComputeNode", "hostname", "hostname[gt]=null hostname[ge]=null hostname[lt]=null hostname[le]=null"),
    *refused("ComputeNode", "hostname", "hostname[lt]=a* hostname[lt]=? hostname[lt]=a,null"),
    *refused("ComputeNode", "missingXName", "missingXName= missingXName=yes missingXName=TRUE missingXName=null"),
    *refused("ComputeNode", "missingXName", "missingXName=true, missingXName!=true missingXName[gt]=true missingXName"),
    *refused("ComputeNode", "missingXName", "missingXName=true&missingXName=true"),
    *refused("ComputeNode", "missingXName", "missingXName=false&missingXName=false"),
    *refused("ComputeNode", "sort", "sort=nope sort=- sort=--id sort=id,nope sort=bmc sort=network_interfaces.serial"),
    *refused("ComputeNode", "sort", "sort=id&sort=id sort=network_interfaces sort=status.extended_data"),
    *refused("ComputeNode", "sort", "sort=missingXName sort= sort=ip sort=collection"),
    *refused("NodeCollection", "sort", "sort=nodes sort=node sort=cloud_init_data sort=cloud_init_data.a"),
    *refused("ComputeNode", "fields", "fields=nope fields=id, fields=-id fields=network_interfaces.extended_data.n"),
    *refused("ComputeNode", "fields", "fields=id.x fields=id&fields=id"),
    *refused("ComputeNode", "limit", "limit=0 limit=-1 limit= limit=x limit=1.0 limit=1,2 limit=1e3 limit=null"),
    *refused("ComputeNode", "limit", "limit limit!=1 limit[gt]=1 limit=1&limit=1 count=true&limit=0"),
    *refused("ComputeNode", "count", "count= count=1 count=TRUE count=yes count=null count=false&count=false"),
    *refused("ComputeNode", "", "expect=1 dry_run=true dry_run=false at=junk cursor=junk cursor="),
]

PAGED = [
    ("ComputeNode", ""),
    *queries(
        "ComputeNode",
        """
        sort=hostname
        sort=-description,architecture
        hostname=nid*&sort=architecture
        ip=10.*&fields=hostname,id
        collection!=null&sort=-xname
        sort=-status.power_state.last_updated&fields=status.power_state,hostname
        """,
    ),
    *queries("BMC", "sort=xname"),
    *queries("NodeCollection", "sort=-name"),
    *queries("Component", "sort=Enabled,-NID"),
]
