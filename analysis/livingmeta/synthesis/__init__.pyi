from .derivation import Effect as Effect
from .derivation import NotComputableError as NotComputableError
from .pool import Pool as Pool
from .profiles import PROFILES as PROFILES
from .profiles import Profile as Profile
from .settings import Selection as Selection
from .settings import Settings as Settings
from .settings import headline_settings as headline_settings
